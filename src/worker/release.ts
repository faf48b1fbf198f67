import type { WorkerGroup } from "./workers.js";

/** Frees a model in all workers. */
export function releaseModel(workers: WorkerGroup, id: number): void {
  for (const member of workers.members) member.release("model", id);
}

import type { WorkerGroup } from "./workers.js";

/** Drops a model in all workers. */
export function releaseModel(workers: WorkerGroup, id: number): void {
  for (const member of workers.members) member.release("model", id);
}

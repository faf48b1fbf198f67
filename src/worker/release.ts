import type { Crew } from "./crew.js";

/** Drops a model in all workers. */
export function releaseModel(crew: Crew, id: number): void {
  for (const member of crew.members) member.release("model", id);
}

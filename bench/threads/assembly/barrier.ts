import { barrier } from "../../../assembly/threads/team";

export { join } from "../../../assembly/threads/team";

/** Barriers of all threads, one after another. */
export function meet(times: i32): void {
  for (; times > 0; times--) if (!barrier()) unreachable();
}

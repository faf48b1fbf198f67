import { barrier } from "../../../assembly/threads/team";

export { join } from "../../../assembly/threads/team";

/** Barriers of all threads, one after another. */
export function meet(times: i32): void {
  for (; times > 0; times--) if (!barrier()) unreachable();
}

/** A bare flag there and back, so many times: what no barrier can be quicker than. */
export function pass(mine: usize, other: usize, times: i32, first: i32): void {
  for (let t = 1; t <= times; t++) {
    if (first) atomic.store<i32>(mine, t);
    while (atomic.load<i32>(other) < t) {}
    if (!first) atomic.store<i32>(mine, t);
  }
}

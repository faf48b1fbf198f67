/* The door for gatewise/threads: binaries and machines of its own, which the core has no byte of. */

export {
  type Backend,
  currentBackend,
  init,
  takeMachinesFrom,
} from "./load.js";
export { retireMachines } from "./allocation.js";
export { MOST_THREADS, STOP } from "./threads/control.js";
export { ThreadTeam, type ThreadHandle } from "./threads/team.js";
export { enter, type Start } from "./threads/thread.js";

/* The door for gatewise/threads: binaries and machines of its own, which the core has no byte of. */

export {
  type Backend,
  currentBackend,
  init,
  takeMachinesFrom,
} from "./load.js";
export { leaveHouses } from "./tenancy.js";
export { MOST_THREADS, STOP } from "./threads/control.js";
export { Crew, type Hand } from "./threads/crew.js";
export { enter, type Start } from "./threads/thread.js";

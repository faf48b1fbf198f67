/* Where threads meet: the layout of assembly/threads/team.ts, in bytes from the block's start. */

/** As many threads as a team may have. */
export const MOST_THREADS = 16;

const LINE = 64;

export const JOB = 0;
export const STOP = 128;
export const CLOSED = 132;
const DONE = 256 + LINE * MOST_THREADS;
const ROOMS = DONE + LINE * MOST_THREADS;
const ROOM = 512;

export const CONTROL_BYTES = ROOMS + ROOM * MOST_THREADS;

/** Where a thread says which call it has left last. */
export const doneAt = (thread: number): number => DONE + LINE * thread;

import type { Backend } from "gatewise";
import type { AudioReport } from "../guests/audio.mjs";
import type { PoolReport } from "../guests/pool.mjs";
import type { ThreadsReport } from "../guests/threads.mjs";
import type { Facts, Report } from "../guests/report.mjs";
import type { Program } from "../pages.mjs";
import type { Stage } from "../stage.mjs";

/** One runtime of the matrix. */
export interface Host {
  readonly name: string;
  /** The program's path, undefined where the runtime is absent. */
  readonly program: string | undefined;
  /** Starts it; the places in it are run one after another, then close is called. */
  open(stage: Stage): Promise<Session>;
}

export interface Session {
  readonly version: string;
  readonly places: readonly Place[];
  /** Pages of docs/runtimes, which of their files it starts with, and how to run the program of one: what it shows. */
  readonly pages: readonly string[];
  readonly opens: ".mjs" | ".html";
  show(program: Program): Promise<string>;
  /** What gatewise/worker does here. */
  pool?(): Promise<PoolReport>;
  /** What gatewise/threads does, by where. */
  readonly threads?: Readonly<Record<string, () => Promise<ThreadsReport>>>;
  /** How long gatewise/worklet takes here. */
  audio?(): Promise<AudioReport>;
  close?(): Promise<void>;
}

/** Where in a runtime: the main thread, a worker, an AudioWorklet … */
export interface Place {
  readonly name: string;
  /** The backends that it must have: falling back without need is a failure. */
  readonly backends: readonly Backend[];
  /** What makes it this place, for it to report from inside. */
  readonly facts: Partial<Facts>;
  run(): Promise<Report>;
}

import { boolean, oneOf, positiveInteger, record, wrong } from "../checks.js";
import {
  type Backend,
  type ThreadHandle,
  ThreadTeam,
  currentBackend,
  init as initCore,
  retireMachines,
  MOST_THREADS,
  takeMachinesFrom,
} from "../kernel/threads.js";
import type { WorkerLike } from "../worker-like.js";
import { handleOf } from "./handle.js";

/** How many threads, and what they compute on. */
export interface ThreadsOptions {
  /** How many share a sequence, the calling one counted: 1 to 16. By default as many as there are cores, at most 4. */
  threads?: number;
  /**
   * Makes a worker that runs the package's threads-script.js. With a bundler, and without one, in browsers, Deno and Bun:
   *
   *     () => new Worker(new URL("gatewise/threads-script.js", import.meta.url), { type: "module" })
   *     () => new Worker("/node_modules/gatewise/dist/threads-script.js", { type: "module" })
   *
   * In Node it may be left out.
   */
  create?: () => WorkerLike;
  /** As for the core's `init`, which is called if one of them is given. */
  backend?: Backend | "auto";
  deterministic?: boolean;
  /**
   * "auto", the default: where it pays. "always": whatever a call's size, and however late the other threads are, to
   * measure and to test.
   */
  split?: "auto" | "always";
  /** How long a call waits for a thread that makes no progress before it throws, in ms; 5000 by default. */
  timeout?: number;
}

/** The threads that models run on which are packed, at their first run, while they are there. */
export class Threads {
  readonly #team: ThreadTeam | null;
  readonly #alone: string;

  /** @internal */
  constructor(team: ThreadTeam | null, alone: string) {
    this.#team = team;
    this.#alone = alone;
  }

  /** How many a call is split among now, the calling one counted: 1 where the host has no shared memory. */
  get threads(): number {
    return this.#team?.threads ?? 1;
  }

  /** Why it is one thread alone; null: there are more. */
  get reason(): string | null {
    return this.#team ? this.#team.reason : this.#alone;
  }

  /** How many calls of the kernel were split: stays where it is while models are too small for it to pay. */
  get calls(): number {
    return this.#team?.calls ?? 0;
  }

  /** Ends the other threads. Models that ran on them go on, on one. */
  async close(): Promise<void> {
    await this.#team?.close();
  }
}

/** Why this host has no memory that threads share; null: it has. */
function whyNotShared(): string | null {
  const { crossOriginIsolated } = globalThis as {
    crossOriginIsolated?: boolean;
  };
  if (crossOriginIsolated === false && "document" in globalThis)
    return "the page is not cross-origin isolated: it needs the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
  if (typeof SharedArrayBuffer !== "function")
    return "the host has no SharedArrayBuffer: pages need the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
  return null;
}

let current: ThreadTeam | null = null;

/** Calls of init one after another: two at once would each start a team, of which one would serve nobody. */
let last: Promise<unknown> = Promise.resolve();

/**
 * From now on models are split among threads when they run first: the units of a sequence's layers, the rows of a batch,
 * the steps of a Linear. Results are the same bits as on one thread. What runs already stays as it is.
 *
 *     const threads = await init({ threads: 2 });
 *     if (threads.reason) console.warn(threads.reason);
 *     const { output } = model.forward(input);
 *
 * Where memory cannot be shared, everything runs on one thread and `reason` says why. The threads of an earlier call are
 * closed first.
 *
 * @throws TypeError, RangeError that name the option; Error when a worker does not start
 */
export async function init(options: ThreadsOptions = {}): Promise<Threads> {
  const checked = checkOptions(options);
  const made = last.then(() => start(checked));
  last = made.catch(() => undefined);
  return made;
}

interface CheckedOptions extends ThreadsOptions {
  readonly threads: number;
  readonly split: "auto" | "always";
  readonly timeout: number;
}

function checkOptions(options: ThreadsOptions): CheckedOptions {
  record(options, "options", {
    threads: 0,
    create: 0,
    backend: 0,
    deterministic: 0,
    split: 0,
    timeout: 0,
  } satisfies Record<keyof ThreadsOptions, 0>);
  const { create, deterministic } = options;
  const threads = positiveInteger(options.threads ?? cores(), "threads");
  if (threads > MOST_THREADS)
    throw new RangeError(
      `threads: expected at most ${MOST_THREADS}, got ${threads}`,
    );
  const timeout = positiveInteger(options.timeout ?? 5000, "timeout");
  const split = oneOf(options.split ?? "auto", "split", ["auto", "always"]);
  if (create !== undefined && typeof create !== "function")
    throw wrong(false, "create", "a function that makes a worker", create);
  if (deterministic !== undefined) boolean(deterministic, "deterministic");
  return { ...options, threads, timeout, split };
}

async function start(options: CheckedOptions): Promise<Threads> {
  const { threads, create, backend, deterministic, split, timeout } = options;
  if (backend !== undefined || deterministic !== undefined)
    await initCore({
      ...(backend !== undefined && { backend }),
      ...(deterministic !== undefined && { deterministic }),
    });
  await current?.close();
  current = null;
  takeMachinesFrom(null);
  retireMachines();
  const alone = whyAlone(threads, currentBackend());
  if (alone !== null) return new Threads(null, alone);
  if (!create)
    throw wrong(false, "create", "a function that makes a worker", create);
  let prepared;
  try {
    prepared = await ThreadTeam.prepare(currentBackend() as "relaxed" | "simd");
  } catch (error) {
    return new Threads(null, `the host refused: ${String(error)}`);
  }
  const handles: ThreadHandle[] = [];
  try {
    while (handles.length < threads - 1) handles.push(handleOf(create()));
    const always = split === "always";
    const team = await ThreadTeam.start(prepared, handles, timeout, always);
    current = team;
    takeMachinesFrom((wanted, integers) => team.machineFor(wanted, integers));
    return new Threads(team, "");
  } catch (error) {
    for (const handle of handles) void handle.end();
    throw error;
  }
}

function whyAlone(threads: number, backend: Backend): string | null {
  if (threads === 1) return "one was asked for";
  if (backend === "js") return 'the backend "js" has no threads';
  return whyNotShared();
}

function cores(): number {
  const { navigator } = globalThis as {
    navigator?: { hardwareConcurrency?: number };
  };
  return Math.min(4, navigator?.hardwareConcurrency ?? 1);
}

import { connect } from "./channel.js";
import type { Held, InitChoice, Service } from "./service.js";
import type { WorkerLike } from "../worker-like.js";

type Remote = ReturnType<typeof connect>;
/** Declared here, not imported from birpc: users have this declaration but not birpc. */
type Call = <Name extends keyof Service>(
  method: Name,
  ...parameters: Parameters<Service[Name]>
) => Promise<Awaited<ReturnType<Service[Name]>>>;
type AnyCall = (method: string, ...parameters: unknown[]) => Promise<unknown>;

/** Only in node:worker_threads: whether the worker keeps the process alive. */
interface Referenced {
  ref?(): void;
  unref?(): void;
}

/** The maximum number of parts at a worker: one that runs, and the next one, to start without delay. */
const MAX_PARTS = 2;

/** A worker. It keeps a Node process alive only while calls are pending. */
export class Member {
  readonly ready: Promise<unknown>;
  readonly #worker: WorkerLike;
  readonly #remote: Remote;
  #calls = 0;
  parts = 0;
  ended: Error | null = null;

  constructor(worker: WorkerLike, choice: InitChoice, onEnd: () => void) {
    this.#worker = worker;
    this.#remote = connect(worker, (error) => {
      this.ended ??= error;
      onEnd();
    });
    (worker as Referenced).unref?.();
    this.ready = this.call("init", choice);
    this.ready.catch(() => undefined); // loading a model reports the error
  }

  readonly call = (async (method: string, ...parameters: unknown[]) => {
    if (this.ended) throw this.ended;
    if (this.#calls++ === 0) (this.#worker as Referenced).ref?.();
    const { $call } = this.#remote as unknown as { $call: AnyCall };
    try {
      return await $call(method, ...parameters);
    } finally {
      if (--this.#calls === 0) (this.#worker as Referenced).unref?.();
    }
  }) as unknown as Call;

  /** Cancels a call of `forward` if it has not started. */
  giveUp(call: number): void {
    if (!this.ended)
      this.#remote.$callEvent("giveUp", call).catch(() => undefined);
  }

  /** Does not wait for an answer, and ignores a worker that has ended. */
  release(kind: Held, id: number): void {
    if (!this.ended)
      this.#remote.$callEvent("release", kind, id).catch(() => undefined);
  }

  end(error: Error): void {
    this.ended = error;
    if (!this.#remote.$closed) this.#remote.$close(error);
    this.#worker.terminate();
  }
}

/** A part of work that waits for a worker. */
interface Job {
  run(member: Member): Promise<unknown>;
  reject(error: unknown): void;
  signal: AbortSignal | undefined;
}

/** Workers, and a queue of parts of work. */
export class WorkerGroup {
  readonly members: readonly Member[];
  readonly #jobs: Job[] = [];
  #turn = 0;
  #closed: Error | null = null;

  constructor(workers: readonly WorkerLike[], choice: InitChoice) {
    this.members = workers.map(
      (worker) => new Member(worker, choice, () => this.#dispatch()),
    );
  }

  /** Runs on the first worker that is free, or not at all if `signal` aborts before. */
  share<T>(
    run: (member: Member) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const job = {
        run: (member: Member) => run(member).then(resolve, reject),
      };
      this.#jobs.push({ ...job, reject, signal });
      this.#dispatch();
    });
  }

  /** Why there are no workers any more. */
  get #ended(): Error | null | undefined {
    return this.#closed ?? this.members[0]?.ended;
  }

  /** The next worker in turn, for what has to stay with one. */
  next(): Member {
    const running = this.members.filter(({ ended }) => !ended);
    const member = running[this.#turn++ % running.length];
    if (!member) throw this.#ended;
    return member;
  }

  #dispatch(): void {
    for (;;) {
      const job = this.#jobs[0];
      if (!job) return;
      const running = this.members.filter(({ ended }) => !ended);
      const member = running.sort((a, b) => a.parts - b.parts)[0];
      const aborted = job.signal?.aborted;
      if (!aborted && member && member.parts >= MAX_PARTS) return;
      this.#jobs.shift();
      if (aborted) job.reject(job.signal?.reason);
      else if (!member) job.reject(this.#ended);
      else this.#start(job, member);
    }
  }

  #start(job: Job, member: Member): void {
    member.parts++;
    void job.run(member).finally(() => {
      member.parts--;
      this.#dispatch();
    });
  }

  end(error: Error): void {
    this.#closed ??= error;
    for (const member of this.members) member.end(error);
    this.#dispatch();
  }
}

import { connect } from "./channel.js";
import type { Held, InitChoice, Service } from "./service.js";
import type { WorkerLike } from "../worker-like.js";

type Remote = ReturnType<typeof connect>;
/** Said of the service, not taken from birpc: users have this declaration, and no birpc. */
type Call = <Name extends keyof Service>(
  method: Name,
  ...parameters: Parameters<Service[Name]>
) => Promise<Awaited<ReturnType<Service[Name]>>>;
type AnyCall = (method: string, ...parameters: unknown[]) => Promise<unknown>;

/** Of node:worker_threads alone: whether the worker keeps the process alive. */
interface Referenced {
  ref?(): void;
  unref?(): void;
}

/** Parts that a worker has at once: one that runs, and one for it to go on with at once. */
const MOST_PARTS = 2;

/** A worker and what it has to do. It keeps a Node process alive only while something is under way. */
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
    this.ready.catch(() => undefined); // whoever loads a model hears of it
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

  /** A call of `forward` that has not begun need not begin any more. */
  giveUp(call: number): void {
    if (!this.ended)
      this.#remote.$callEvent("giveUp", call).catch(() => undefined);
  }

  /** Without an answer, and without an error when the worker is gone. */
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

/** Workers, and parts of work that wait for one. */
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

  /** Done by the worker that is free first. When `signal` aborts before that, by none. */
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

  /** Why there is no worker any more. */
  get #ended(): Error | null | undefined {
    return this.#closed ?? this.members[0]?.ended;
  }

  /** The workers in turn, for what stays with one. */
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
      if (!aborted && member && member.parts >= MOST_PARTS) return;
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

/*
 * A process that streams live in. It takes streams that have frames and no host, runs what comes, and publishes the
 * answers; every so many frames it leaves a copy of the state. It says again and again that it is alive; when it no
 * longer does, others take its streams from the copies.
 */
import { randomUUID } from "node:crypto";
import { positiveInteger, record, wrong } from "../../checks.js";
import { reasonOf } from "../../errors.js";
import { init } from "../../index.js";
import { Kept } from "../kept.js";
import { type Metrics, metrics } from "../metrics.js";
import { Models } from "../models.js";
import type { QueueAddress } from "../address.js";
import { Connection, sleep } from "../redis.js";
import { LiveModel } from "./live-model.js";
import {
  type Answers,
  bytesOf,
  type Entry,
  Resident,
  type Saved,
} from "./resident.js";
import { type Argument, type Script, Scripts } from "./scripts.js";
import { Wake } from "./wake.js";

/** Which queue a host serves, and how many streams live there. */
export interface HostOptions {
  queue: QueueAddress;
  /** Streams that may live here at a time; 10 000 by default. More are put aside and fetched as frames come. */
  streams?: number;
  /** Frames after which a stream's state is written; 100 by default. What is lost with a process is run again. */
  checkpoint?: number;
  /** Milliseconds without frames after which a stream is put aside; 30 000 by default. */
  idleMs?: number;
  /** Milliseconds without a sign of life after which others take its streams; 3000 by default, at least 300. */
  leaseMs?: number;
  /** Is told of what does not end it. */
  onError?: (error: Error) => void;
}

const KNOWN = {
  queue: 0,
  streams: 0,
  checkpoint: 0,
  idleMs: 0,
  leaseMs: 0,
  onError: 0,
} satisfies Record<keyof HostOptions, 0>;

const STREAMS = 10_000;
const CHECKPOINT = 100;
const IDLE_MS = 30_000;
const LEASE_MS = 3000;
const SHORTEST_LEASE = 300;
/** Signs of life in the time of a lease. */
const BEATS = 4;
/** Streams a turn: what is taken from those that nobody has is not there for others. */
const MOST_TAKEN = 64;
/** Blocks of a stream a turn. */
const MOST_BLOCKS = 64;
/** Without word. */
const LONGEST_WAIT = 250;
/** Streams of a dead host a sign of life. */
const MOST_REAPED = 500;
const MOST_MODELS = 16;
const NOTHING_SAVED: Saved = { state: Buffer.alloc(0), trim: "0-0" };

/** Streams live in this process until it is closed. */
export class StreamHost {
  readonly #connection: Connection;
  readonly #scripts: Scripts;
  readonly #options: Required<Omit<HostOptions, "queue">>;
  readonly #metrics: Metrics;
  readonly #id = randomUUID();
  readonly #wake: Wake;
  readonly #models: Kept<LiveModel>;
  readonly #residents = new Map<string, Resident>();
  /** Streams of which nobody knows what came of the last call. */
  readonly #unsure = new Set<string>();
  readonly #unwatch: () => void;
  readonly #work: Promise<void>;
  readonly #life: Promise<void>;
  #lost = false;
  #closing = false;
  #ended: Promise<void> | null = null;
  #computed = 0;
  /** Of the last turn: for the server. */
  #waited = 0;
  #since = performance.now();

  private constructor(
    connection: Connection,
    options: Required<Omit<HostOptions, "queue">>,
    measured: Metrics,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#metrics = measured;
    const files = new Models(connection);
    this.#models = new Kept(MOST_MODELS, async (hash) =>
      LiveModel.load(await files.get(hash)),
    );
    const prefix = connection.key("");
    this.#scripts = new Scripts(connection.redis, prefix);
    const channels = [`${prefix}ready`, `${prefix}h:${this.#id}`];
    this.#wake = new Wake(connection, channels, LONGEST_WAIT);
    // what was under way when the line broke may have been done, or not
    connection.redis.on("close", () => (this.#lost = true));
    this.#unwatch = measured.watch(() => this.load);
    this.#life = this.#live();
    this.#work = this.#turns();
  }

  /** @internal */
  static async open(options: HostOptions): Promise<StreamHost> {
    record(options, "options", KNOWN);
    const { onError = () => undefined } = options;
    if (typeof onError !== "function")
      throw wrong(false, "onError", "a function", onError);
    const given = (name: "streams" | "checkpoint" | "idleMs", value: number) =>
      positiveInteger(options[name] ?? value, name);
    const leaseMs = positiveInteger(options.leaseMs ?? LEASE_MS, "leaseMs");
    if (leaseMs < SHORTEST_LEASE)
      throw wrong(true, "leaseMs", `at least ${SHORTEST_LEASE}`, leaseMs);
    const checked = {
      streams: given("streams", STREAMS),
      checkpoint: given("checkpoint", CHECKPOINT),
      idleMs: given("idleMs", IDLE_MS),
      leaseMs,
      onError,
    };
    await init({ backend: "simd" });
    const connection = await Connection.open(options.queue);
    const host = new StreamHost(connection, checked, await metrics());
    await connection.call("a sign of life", () =>
      host.#scripts.run("beat", host.#id, leaseMs, 1),
    );
    return host;
  }

  /** What it holds, and how busy it is: what is measured. */
  get load(): { streams: number; backlog: number; busy: number } {
    const now = performance.now();
    const busy = Math.min(1, this.#computed / Math.max(1, now - this.#since));
    [this.#computed, this.#since] = [0, now];
    let backlog = 0;
    for (const each of this.#residents.values()) backlog += each.backlog;
    return { streams: this.#residents.size, backlog, busy };
  }

  /** Hands its streams over, with their states as they are, and leaves. */
  close(): Promise<void> {
    return (this.#ended ??= this.#end());
  }

  async #end(): Promise<void> {
    this.#closing = true;
    this.#wake.now();
    await Promise.all([this.#work, this.#life]);
    const calls = [...this.#residents.values()].map((each) =>
      this.#releasing(each),
    );
    const left = this.#scripts
      .all(calls)
      .then(() => this.#scripts.run("leave", this.#id));
    // a server that is gone has them taken from us in time
    await Promise.race([left, sleep(this.#options.leaseMs)]).catch(
      () => undefined,
    );
    for (const each of this.#residents.values()) each.dispose();
    this.#residents.clear();
    this.#unwatch();
    this.#wake.close();
    this.#connection.close();
  }

  /** Says that it is alive, looks after those that are not, and puts aside what is idle. */
  async #live(): Promise<void> {
    const { leaseMs } = this.#options;
    while (!this.#closing) {
      await sleep(leaseMs / BEATS);
      if (this.#closing) return;
      try {
        const alive = await this.#scripts.run("beat", this.#id, leaseMs, 0);
        if (!alive) await this.#beginAgain();
        await this.#scripts.run("reap", MOST_REAPED);
        await this.#putAside();
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  /** Others have what it had. */
  async #beginAgain(): Promise<void> {
    for (const id of this.#residents.keys()) this.#drop(id);
    await this.#scripts.run("beat", this.#id, this.#options.leaseMs, 1);
  }

  async #putAside(): Promise<void> {
    const before = Date.now() - this.#options.idleMs;
    const idle = [...this.#residents.values()].filter(
      ({ backlog, usedAt }) => !backlog && usedAt < before,
    );
    for (const each of idle.slice(0, MOST_REAPED)) {
      this.#residents.delete(each.id);
      const [name, ...args] = this.#releasing(each);
      each.dispose();
      await this.#scripts.run(name, ...args);
    }
  }

  #releasing(resident: Resident): [Script, ...Argument[]] {
    const { id, token, position, checkpoint } = resident;
    let [saved, at] = [NOTHING_SAVED, -1];
    try {
      if (position > checkpoint) [saved, at] = [resident.save(), position];
    } catch {
      // the next host runs the frames since the last checkpoint again, and says what is wrong
    }
    return ["release", id, this.#id, token, at, saved.state, saved.trim];
  }

  #drop(id: string): void {
    this.#residents.get(id)?.dispose();
    this.#residents.delete(id);
  }

  #failed(error: unknown): void {
    this.#lost = true;
    if (!this.#closing)
      this.#options.onError(
        this.#connection.failure("a server that answers", error),
      );
  }

  async #turns(): Promise<void> {
    while (!this.#closing) {
      try {
        if (this.#lost) await this.#lookAgain();
        if (!(await this.#turn())) await this.#wake.wait();
      } catch (error) {
        this.#failed(error);
        await sleep(LONGEST_WAIT);
      }
    }
  }

  /** All that is ours is gone through: word of some may have been lost with the line. */
  async #lookAgain(): Promise<void> {
    this.#lost = false;
    const own = this.#connection.key("h", this.#id, "streams");
    for (const id of await this.#connection.redis.smembers(own))
      this.#unsure.add(id);
  }

  /** @returns whether there was anything to do */
  async #turn(): Promise<boolean> {
    const unsure = [...this.#unsure].slice(0, MOST_TAKEN);
    const room = this.#options.streams - this.#residents.size;
    const taken = (await this.#scripts.run(
      "take",
      this.#id,
      MOST_TAKEN,
      room,
    )) as [id: string, token: string, begun: number][];
    const ids = new Set([...unsure, ...taken.map(([id]) => id)]);
    if (!ids.size) return false;
    // if anything fails from here on, nobody else will think of these
    for (const id of ids) this.#unsure.add(id);
    for (const [id, token] of taken)
      if (this.#residents.get(id)?.token !== token) this.#drop(id);
    await Promise.all([...ids].map((id) => this.#settle(id, unsure)));
    const began = performance.now();
    const work = await this.#readAll([...ids]);
    await this.#publish(work);
    this.#computed += performance.now() - began - this.#waited;
    return true;
  }

  /** A stream that is to be here, is here. */
  async #settle(id: string, unsure: readonly string[]): Promise<void> {
    // of what it did since nobody may know: from the copy again
    if (unsure.includes(id)) this.#drop(id);
    if (this.#residents.has(id)) return;
    const key = this.#connection.key("s", id);
    const [owner, token, model, checkpoint, state] =
      await this.#connection.redis.hmgetBuffer(
        key,
        "owner",
        "token",
        "model",
        "checkpoint",
        "state",
      );
    if (String(owner) !== this.#id || !token || !model) return;
    try {
      this.#residents.set(
        id,
        new Resident(
          id,
          String(token),
          await this.#models.get(String(model)),
          Number(String(checkpoint)),
          state ?? null,
        ),
      );
    } catch (error) {
      const reason = reasonOf(error);
      this.#options.onError(new Error(`stream ${id}: ${reason}`));
      await this.#scripts.run("refuse", id, this.#id, String(token), reason);
    }
  }

  async #readAll(ids: readonly string[]): Promise<[Resident, Entry[]][]> {
    const began = performance.now();
    const read = ids.map(async (id): Promise<[Resident, Entry[]] | null> => {
      const resident = this.#residents.get(id);
      if (!resident) return null;
      const key = this.#connection.key("s", id, "in");
      const entries = await this.#connection.redis.xrangeBuffer(
        key,
        resident.last,
        "+",
        "COUNT",
        MOST_BLOCKS,
      );
      return [resident, entries as Entry[]];
    });
    const found = await Promise.all(read);
    this.#waited = performance.now() - began;
    for (const id of ids) if (!this.#residents.has(id)) this.#unsure.delete(id);
    return found.filter((each) => each !== null);
  }

  async #publish(work: readonly [Resident, Entry[]][]): Promise<void> {
    const calls = work.flatMap(([resident, entries]) => {
      try {
        const answers = resident.run(entries);
        return [this.#commit(resident, answers, this.#save(resident))];
      } catch (error) {
        // a token that there is not, say: it would fail everywhere
        this.#refuse(resident, reasonOf(error));
        return [];
      }
    });
    const began = performance.now();
    await Promise.all(calls);
    this.#waited += performance.now() - began;
  }

  /** What is left in Redis once it has run so many frames; null before. */
  #save(resident: Resident): Saved | null {
    const { position, checkpoint } = resident;
    return position - checkpoint >= this.#options.checkpoint
      ? resident.save()
      : null;
  }

  async #commit(
    resident: Resident,
    answers: Answers | null,
    saved: Saved | null,
  ): Promise<void> {
    const { id, token, position, outputBytes } = resident;
    const { state, trim } = saved ?? NOTHING_SAVED;
    const [own, left] = (await this.#scripts.run(
      "commit",
      id,
      this.#id,
      token,
      answers?.first ?? position,
      outputBytes,
      answers ? bytesOf(answers.data) : NOTHING_SAVED.state,
      saved ? position : -1,
      state,
      trim,
    )) as [number, number];
    this.#unsure.delete(id);
    if (!own) return this.#drop(id);
    resident.backlog = left;
    if (saved) {
      resident.checkpoint = position;
      this.#metrics.checkpoint(state.length);
    }
    if (answers) {
      const count = (4 * answers.data.length) / outputBytes;
      this.#metrics.frames(count, Date.now() - answers.at);
    }
  }

  #refuse({ id, token }: Resident, reason: string): void {
    this.#drop(id);
    this.#options.onError(new Error(`stream ${id}: ${reason}`));
    this.#scripts.run("refuse", id, this.#id, token, reason).then(
      () => this.#unsure.delete(id),
      () => undefined,
    );
  }
}

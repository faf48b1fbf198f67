/*
 * A process that runs live streams. It takes streams that have frames and no host, runs their frames, and publishes the
 * answers. At intervals it stores the states in Redis, and renews its lease; if it no longer does, other hosts continue
 * its streams from the stored states.
 */
import { randomUUID } from "node:crypto";
import { reasonOf } from "../../errors.js";
import { init } from "../../index.js";
import { Kept } from "../kept.js";
import { type Metrics, metrics } from "../metrics.js";
import { Models } from "../models.js";
import { Connection, ServerFailure, sleep } from "../redis.js";
import {
  checkHostOptions,
  type CheckedHostOptions,
  type HostOptions,
} from "./host-options.js";
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

/** Signs of life per lease. */
const BEATS = 4;
/** Streams per turn; a few, so that other hosts get some of those without a host. */
const MAX_TAKEN = 64;
/** Blocks of a stream per turn. */
const MAX_BLOCKS = 64;
/** The longest wait for a message, in milliseconds. */
const LONGEST_WAIT = 250;
/** Streams of a dead host, or idle ones, that are released per sign of life. */
const MAX_REAPED = 500;
const MAX_MODELS = 16;
const NOTHING_SAVED: Saved = { state: Buffer.alloc(0), trim: "0-0" };

/** Runs live streams in this process until it is closed. */
export class StreamHost {
  readonly #connection: Connection;
  readonly #scripts: Scripts;
  readonly #options: CheckedHostOptions;
  readonly #metrics: Metrics;
  readonly #id = randomUUID();
  readonly #wake: Wake;
  readonly #models: Kept<LiveModel>;
  readonly #residents = new Map<string, Resident>();
  /** Streams whose last call may have failed or not. */
  readonly #unsure = new Set<string>();
  readonly #unwatch: () => void;
  readonly #work: Promise<void>;
  readonly #life: Promise<void>;
  #lost = false;
  #closing = false;
  #ended: Promise<void> | null = null;
  #computed = 0;
  /** The time that the last turn waited for the server. */
  #waited = 0;
  #since = performance.now();

  private constructor(
    connection: Connection,
    options: CheckedHostOptions,
    measured: Metrics,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#metrics = measured;
    const files = new Models(connection);
    this.#models = new Kept(MAX_MODELS, async (hash) =>
      LiveModel.load(await files.get(hash)),
    );
    const prefix = connection.key("");
    this.#scripts = new Scripts(connection.redis, prefix);
    const channels = [`${prefix}ready`, `${prefix}h:${this.#id}`];
    this.#wake = new Wake(connection, channels, LONGEST_WAIT);
    // calls that were pending when the connection broke may have succeeded or not
    connection.redis.on("close", () => (this.#lost = true));
    this.#unwatch = measured.watch(() => this.load);
    this.#life = this.#live();
    this.#work = this.#turns();
  }

  /** @internal */
  static async open(options: HostOptions): Promise<StreamHost> {
    const checked = checkHostOptions(options);
    await init({ backend: "simd" });
    const connection = await Connection.open(options.queue);
    const host = new StreamHost(connection, checked, await metrics());
    try {
      await connection.call("a sign of life", () =>
        host.#scripts.run("beat", host.#id, checked.leaseMs, 1),
      );
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  /** The load since the last call, for the metrics. */
  get load(): { streams: number; backlog: number; busy: number } {
    const now = performance.now();
    const busy = Math.min(1, this.#computed / Math.max(1, now - this.#since));
    [this.#computed, this.#since] = [0, now];
    let backlog = 0;
    for (const each of this.#residents.values()) backlog += each.backlog;
    return { streams: this.#residents.size, backlog, busy };
  }

  /** Releases its streams with their current states, and closes the connection. */
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
    // does not wait for a server that is away: the lease will expire
    await Promise.race([left, sleep(this.#options.leaseMs)]).catch(
      () => undefined,
    );
    for (const each of this.#residents.values()) each.dispose();
    this.#residents.clear();
    this.#unwatch();
    this.#wake.close();
    this.#connection.close();
  }

  /** Renews the lease, releases streams of dead hosts and idle ones of this host, at intervals. */
  async #live(): Promise<void> {
    const { leaseMs } = this.#options;
    while (!this.#closing) {
      await sleep(leaseMs / BEATS);
      if (this.#closing) return;
      try {
        const alive = await this.#scripts.run("beat", this.#id, leaseMs, 0);
        if (!alive) await this.#restart();
        await this.#scripts.run("reap", MAX_REAPED);
        await this.#releaseIdle();
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  /** Begins without streams, after the lease expired and other hosts took them. */
  async #restart(): Promise<void> {
    for (const id of this.#residents.keys()) this.#drop(id);
    await this.#scripts.run("beat", this.#id, this.#options.leaseMs, 1);
  }

  async #releaseIdle(): Promise<void> {
    const before = Date.now() - this.#options.idleMs;
    const idle = [...this.#residents.values()].filter(
      ({ backlog, usedAt }) => !backlog && usedAt < before,
    );
    for (const each of idle.slice(0, MAX_REAPED)) {
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
      // the next host runs the frames since the last checkpoint again, and reports the error
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
        if (this.#lost) await this.#checkAll();
        if (!(await this.#turn())) await this.#wake.wait();
      } catch (error) {
        this.#failed(error);
        await sleep(LONGEST_WAIT);
      }
    }
  }

  /** Checks all streams of this host, as messages may have been lost with the connection. */
  async #checkAll(): Promise<void> {
    this.#lost = false;
    const key = this.#connection.key("h", this.#id, "streams");
    for (const id of await this.#connection.redis.smembers(key))
      this.#unsure.add(id);
  }

  /** @returns whether there was anything to do */
  async #turn(): Promise<boolean> {
    const unsure = [...this.#unsure].slice(0, MAX_TAKEN);
    const room = this.#options.streams - this.#residents.size;
    const taken = (await this.#scripts.run(
      "take",
      this.#id,
      MAX_TAKEN,
      room,
    )) as [id: string, token: string, begun: number][];
    const ids = new Set([...unsure, ...taken.map(([id]) => id)]);
    if (!ids.size) return false;
    // until they are done: they have left the lists in Redis
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

  /** Makes a stream resident if it belongs to this host. */
  async #settle(id: string, unsure: readonly string[]): Promise<void> {
    // begins again from the stored state, as later answers may not have been published
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
      // no fault of the stream's: the next turn tries again
      if (error instanceof ServerFailure) throw error;
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
        MAX_BLOCKS,
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
        // would fail on every host, for instance a token beyond the vocabulary
        this.#refuse(resident, reasonOf(error));
        return [];
      }
    });
    const began = performance.now();
    await Promise.all(calls);
    this.#waited += performance.now() - began;
  }

  /** The state to store in Redis; null if the last one is recent enough. */
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
    const [accepted, left] = (await this.#scripts.run(
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
    if (!accepted) return this.#drop(id);
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

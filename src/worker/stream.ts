import type { States } from "../layers/state.js";
import type { ModelState } from "../models/model.js";
import { copyOf } from "./copies.js";
import type { Member } from "./workers.js";
import { freed, newId } from "./handles.js";

/** One sequence running through a model in a worker: the methods of Stream, with promises. Calls run in order. */
export class RemoteStream<S extends ModelState = States> {
  readonly #id: number;
  readonly #member: Member;

  /** @internal */
  constructor(id: number, member: Member) {
    this.#id = id;
    this.#member = member;
    freed.register(this, () => member.release("stream", id), this);
  }

  /**
   * One time step: frame [I] → [O].
   *
   * @throws TypeError, RangeError as Stream.step; the state is then unchanged
   */
  async step(frame: ArrayLike<number>): Promise<Float32Array> {
    return this.#member.call("step", this.#id, copyOf(frame, "frame"));
  }

  /**
   * n time steps: n·I numbers → n·O numbers. A thread switch takes longer than many steps: prefer this to `step`.
   *
   * @throws TypeError, RangeError as Stream.run
   */
  async run(frames: ArrayLike<number>): Promise<Float32Array> {
    return this.#member.call("run", this.#id, copyOf(frames, "frames"));
  }

  /** The current state. */
  getState(): Promise<S> {
    return this.#member.call("getState", this.#id) as Promise<S>;
  }

  /**
   * Continues from another state, which is copied.
   *
   * @throws TypeError, RangeError unless it is a state of the model
   */
  async setState(state: S): Promise<void> {
    await this.#member.call("setState", this.#id, copyOf(state, "state"));
  }

  /** Back to the initial state. */
  async reset(): Promise<void> {
    await this.#member.call("reset", this.#id);
  }

  /** An independent copy of this stream, in the same worker. */
  async fork(): Promise<RemoteStream<S>> {
    const id = newId();
    await this.#member.call("fork", this.#id, id);
    return make(id, this.#member);
  }

  /** Frees the stream in the worker now. Optional: it is freed some time after it becomes unreachable. */
  dispose(): void {
    freed.unregister(this);
    this.#member.release("stream", this.#id);
  }
}

// outside the class: esbuild renames a class that refers to itself to _RemoteStream, which consoles would show
const make = <S extends ModelState>(
  id: number,
  member: Member,
): RemoteStream<S> => new RemoteStream(id, member);

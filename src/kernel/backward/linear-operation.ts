import type { Rows } from "./arena.js";
import { Affine } from "./linear.js";
import type { Layout } from "./parameters.js";
import type {
  BackFlow,
  Flow,
  Machine,
  Operation,
  Step,
  Trained,
} from "./run.js";
import type { Work } from "./work.js";

/** W x + b: what is applied to it is an operation of its own. */
export interface LinearSpec {
  readonly type: "linear";
  readonly inputSize: number;
  readonly outputSize: number;
  readonly bias: boolean;
  readonly prefix: string;
}

export class LinearOperation implements Operation {
  readonly names: readonly string[];
  readonly stepFloats: number;
  readonly widest: number;
  readonly #affine: Affine;

  constructor(spec: LinearSpec, layout: Layout, _: number, trained: Trained) {
    this.#affine = new Affine(spec, layout, trained);
    this.names = this.#affine.names;
    this.stepFloats = this.#affine.rowFloats;
    this.widest = this.#affine.widest;
  }

  *forward(machine: Machine, flow: Flow): Work<Step> {
    const x = flow.rows;
    const { count } = flow.steps.packing;
    flow.rows = yield* this.#affine.forward(machine, x, count);
    return {
      back: (back, needs) => this.#back(machine, x, count, back, needs),
    };
  }

  *#back(
    machine: Machine,
    x: Rows,
    count: number,
    back: BackFlow,
    needs: boolean,
  ): Work {
    const dz = back.rows as Rows;
    back.rows = yield* this.#affine.backward(machine, x, dz, count, needs);
  }
}

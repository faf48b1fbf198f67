// @ts-nocheck: see runner.mjs.

import { write } from "../../test/tflite/support/write.mjs";
import { Interpreter } from "./runner.mjs";

/** mulberry32, so that files are the same on every machine. */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const sizeOf = (shape) => shape.reduce((all, n) => all * n, 1);

/** A model in the making: tensors are their names. */
export class Maker {
  tensors = [];
  operators = [];
  inputs = [];
  outputs = [];
  bodies = [];
  #random;
  #count = 0;

  constructor(seed = 1) {
    this.#random = seeded(seed);
  }

  name(word) {
    return `${word}_${this.#count++}`;
  }

  /** Numbers from U(-1, 1). */
  random(shape, scale = 1) {
    return Array.from({ length: sizeOf(shape) }, () =>
      Math.fround(scale * (2 * this.#random() - 1)),
    );
  }

  integers(shape, least, most) {
    return Array.from(
      { length: sizeOf(shape) },
      () => least + Math.floor(this.#random() * (most - least + 1)),
    );
  }

  input(name, shape, type = "FLOAT32", scale) {
    this.tensors.push({ name, shape, type, scale });
    this.inputs.push(name);
    return name;
  }

  constant(shape, data, type = "FLOAT32", scale) {
    const name = this.name("constant");
    const own = data ?? this.random(shape);
    this.tensors.push({ name, shape, type, data: own, scale });
    return name;
  }

  ints(...list) {
    return this.constant([list.length], list, "INT32");
  }

  /** int8 weights, one scale, or one a place along `axis`. */
  quantized(shape, step, axis) {
    const data = this.integers(shape, -127, 127);
    const scale =
      axis === undefined
        ? step
        : Array.from({ length: shape[axis] }, (_, i) => step * (1 + i / 4));
    return this.constant(shape, data, "INT8", { scale, axis });
  }

  /** A bias at the scale of the products. */
  bias(size, scale) {
    return this.constant([size], this.integers([size], -999, 999), "INT32", {
      scale,
    });
  }

  variable(shape, type = "FLOAT32", scale) {
    const name = this.name("state");
    this.tensors.push({ name, shape, type, scale, isVariable: true });
    return name;
  }

  /** A tensor inside of an operator: a scale alone. */
  inside(type, scale) {
    const name = this.name("inside");
    this.tensors.push({ name, shape: [], type, scale });
    return name;
  }

  /** One output, or `outputs` of them. */
  op(
    op,
    inputs,
    options = {},
    { type, scale, outputs = 1, intermediates } = {},
  ) {
    const names = Array.from({ length: outputs }, () =>
      this.name(op.toLowerCase()),
    );
    names.forEach((name, i) =>
      this.tensors.push({
        name,
        shape: [],
        type: [type].flat()[i] ?? [type].flat()[0] ?? "FLOAT32",
        scale,
      }),
    );
    this.operators.push({ op, inputs, outputs: names, options, intermediates });
    return outputs === 1 ? names[0] : names;
  }

  output(...names) {
    this.outputs.push(...names);
  }

  /** The model's bytes, shapes of results as TensorFlow Lite finds them, and what it makes of each step's inputs. */
  finish(steps, { signatures, description } = {}) {
    const spec = (outputs, tensors) => ({
      description,
      signatures,
      subgraphs: [
        { tensors, inputs: this.inputs, outputs, operators: this.operators },
        ...this.bodies,
      ],
    });
    const made = this.operators.flatMap(({ outputs }) => outputs);
    const all = made.filter((name) =>
      this.tensors.some((t) => t.name === name && SHOWN.has(t.type)),
    );
    const first = new Interpreter(write(spec(all, this.tensors)));
    const found = first.run(steps[0]);
    const tensors = this.tensors.map((tensor) =>
      found[tensor.name] && tensor.shape.length === 0
        ? { ...tensor, shape: found[tensor.name].shape }
        : tensor,
    );
    const bytes = write(spec(this.outputs, tensors));
    const own = new Interpreter(bytes);
    return {
      bytes,
      steps,
      results: steps.map((inputs) => own.run(inputs)),
      tensors,
    };
  }
}

/** Types that the runner shows. */
const SHOWN = new Set(["FLOAT32", "INT8", "UINT8", "INT16", "INT32", "BOOL"]);

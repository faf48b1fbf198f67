import { field, valueText } from "../../json.js";
import type { LayerConfig } from "../config.js";
import { axisIn, type Emitter, Flow } from "./flow.js";
import { placed } from "./only.js";
import { flowsIn, type Given } from "./translation.js";

/** One call: its positional and named arguments, and the config. */
export class Call {
  readonly layer: LayerConfig;
  readonly emit: Emitter;
  readonly #given: Given;

  constructor(layer: LayerConfig, given: Given, emit: Emitter) {
    this.layer = layer;
    this.emit = emit;
    this.#given = given;
  }

  /** An argument by its position or any of its names. */
  argument(place: number, ...names: string[]): unknown {
    const { args, keywords } = this.#given;
    if (place >= 0 && args[place] !== undefined) return args[place];
    for (const name of names) {
      if (keywords.has(name)) return keywords.get(name);
      const own = field(this.layer.config, name);
      if (own !== undefined) return own;
    }
    return undefined;
  }

  /** A tensor, or a number as a tensor. */
  operand(place: number, ...names: string[]): Flow {
    const value = this.argument(place, ...names);
    if (value instanceof Flow) return value;
    if (typeof value === "number") return this.emit.scalar(value);
    if (typeof value === "boolean") return this.emit.scalar(value ? 1 : 0);
    throw this.error(
      `expected a tensor or a number as argument ${place + 1}, got ${valueText(value)}`,
    );
  }

  /** The first tensor. */
  tensor(): Flow {
    const [x] = flowsIn(this.#given.args);
    if (x) return x;
    throw this.error("expected a tensor, got none");
  }

  tensors(): Flow[] {
    return flowsIn(this.#given.args);
  }

  /** The axes of `x` that a call names; by default all. */
  axes(x: Flow, place: number): number[] {
    const given = this.argument(place, "axis", "axes") ?? null;
    const listed: unknown[] = Array.isArray(given) ? given : [given];
    if (given === null) return x.sizes.map((_, axis) => axis);
    const axes = listed.map((axis) => axisIn(axis, x.rank));
    if (axes.every((axis) => axis !== null)) return axes as number[];
    throw this.error(
      `expected some of the input's ${x.rank} axes, got ${valueText(given)}`,
    );
  }

  axis(rank: number, place: number, absent: number): number {
    const given = this.argument(place, "axis") ?? absent;
    const axis = axisIn(given, rank);
    if (axis !== null) return axis;
    throw this.error(
      `expected one of the input's ${rank} axes, got ${valueText(given)}`,
    );
  }

  get keep(): boolean {
    return this.argument(-1, "keepdims", "keep_dims") === true;
  }

  error(why: string) {
    return placed(this.layer, why);
  }
}

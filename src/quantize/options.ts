import { message, oneOf, record, wrong } from "../checks.js";
import type { GraphInput } from "../graph/index.js";
import type { TensorLike } from "../tensor.js";

/** What a graph runs on: its inputs by name, all but its states, as `graph.run` and `stream.step` take them. */
export type GraphFrame = Readonly<Record<string, GraphInput>>;

/** How a model is quantised, and on which data that is judged. */
export interface QuantizeOptions<Data = TensorLike> {
  /**
   * 'int8', the default: weights of 8 bits, activations of 16, exact sums; 'int8-fast': activations of 7 bits, faster
   * where the processor multiplies bytes. Both have the same bits on every backend and machine.
   */
  precision?: "int8" | "int8-fast";
  /**
   * Inputs as the model takes them, the user's own: of a Graph by their names, `{ input, sr }`. Of a Graph with states, a
   * list of such is a sequence, frame by frame: it begins as `graph.stream()` does, and hands its states on; so does what
   * is no list, which is a sequence of one frame. States that a frame gives take the place of those handed on.
   *
   * Biases are then moved by what rounding adds to the sums on average, which is most of the error where cells remember for
   * long, and the report says what quantizing costs on these inputs.
   */
  calibrate?: Iterable<Data>;
  /**
   * What stays in float32. Of a Sequential, layers by their places: ["0"]. Of a Graph, nodes by their names in the file,
   * or their first outputs' where they have none: ["/encoder/Conv"].
   */
  keep?: readonly string[];
}

const OPTIONS = {
  precision: 0,
  calibrate: 0,
  keep: 0,
} satisfies Record<keyof QuantizeOptions, 0>;

/** The options, checked as far as they do not depend on the model. */
export interface Chosen<Data> {
  readonly precision: "int8" | "int8-fast";
  readonly data: readonly Data[];
  readonly keep: readonly unknown[];
}

/** @throws TypeError, RangeError that name the option */
export function checkOptions(options: unknown): Chosen<unknown> {
  const given = record(options, "options", OPTIONS);
  const precision = oneOf(given["precision"] ?? "int8", "precision", [
    "int8",
    "int8-fast",
  ] as const);
  const keep = given["keep"] ?? [];
  if (!Array.isArray(keep)) throw wrong(false, "keep", "a list of names", keep);
  return { precision, data: checkData(given["calibrate"]), keep };
}

function checkData(given: unknown): unknown[] {
  if (given === undefined) return [];
  // not a typed array, which is one sequence of numbers and no list of them
  const iterable =
    typeof given === "object" && given !== null && !ArrayBuffer.isView(given)
      ? (given as Partial<Iterable<unknown>>)[Symbol.iterator]
      : undefined;
  if (typeof iterable !== "function")
    throw wrong(
      false,
      "calibrate",
      "inputs of the model, as an array or another iterable",
      given,
    );
  const data = Array.from(given as Iterable<unknown>);
  if (data.length) return data;
  throw new RangeError(message("calibrate", "at least one input", "none"));
}

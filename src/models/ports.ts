import { isRecord, message, record, typedArrayName, wrong } from "../checks.js";
import type { Layer } from "../layers/layer.js";
import type { TensorLike } from "../tensor.js";
import type { Port } from "./model.js";

/** The names of a model's input or output and of its axes, such as those that the author of a file chose. */
export interface PortNames {
  readonly name: string;
  /** The names of the batch and time axes, as in `Port.shape`; B and T where they are missing or not names. */
  readonly sizes?: readonly (string | number)[];
}

/** The names of a model's input and output. */
export interface ModelNames {
  readonly input?: PortNames;
  readonly output?: PortNames;
}

/** What the ports of a chain depend on. */
interface Ends {
  readonly layers: readonly Layer[];
  readonly inputSize: number;
  readonly outputSize: number;
  readonly takesTokens: boolean;
  readonly lastOnly: boolean;
}

/** The input of a chain. */
export function inputPort(
  { inputSize, takesTokens }: Ends,
  { input: { name, sizes } = { name: "input" } }: ModelNames,
): Port {
  const free = namedSizes(["B", "T"], sizes);
  return takesTokens
    ? port(name, free, "int64")
    : port(name, [...free, inputSize], "float32");
}

/** The output of a chain; axes that have the size of the input's have their names as well. */
export function outputPort(
  { layers, outputSize, lastOnly }: Ends,
  { input, output: { name, sizes } = { name: "output" } }: ModelNames,
): Port {
  const [batch, steps] = namedSizes(["B", "T"], input?.sizes);
  const out = timeOut(layers);
  const [, ownSteps] = namedSizes(["B", out], sizes);
  const time = lastOnly ? [] : [out === "T" ? steps : ownSteps];
  return port(
    name,
    [batch, ...time, outputSize] as (string | number)[],
    "float32",
  );
}

/** The sizes, replaced by their names where `given` has one. */
const namedSizes = (
  sizes: readonly (string | number)[],
  given: PortNames["sizes"] = [],
): (string | number)[] =>
  sizes.map((size, i) => {
    const own = given[i];
    return typeof own === "string" && own !== "?" ? own : size;
  });

/** T if there are always as many output steps as input steps, their number if it is fixed, else "T'". */
function timeOut(layers: readonly Layer[]): number | string {
  const out = (steps: number) =>
    layers.reduce((left, layer) => layer.stepsOut(left), steps);
  const [one, next] = [out(512), out(513)];
  if (one === 512 && next === 513) return "T";
  return one === next && out(1024) === one ? one : "T'";
}

const port = (name: string, shape: (number | string)[], type: string): Port =>
  Object.freeze({ name, shape: Object.freeze(shape), type });

/** @throws TypeError, RangeError that name the entry */
export function checkNames(value: unknown): ModelNames {
  const names = record(value, "names", { input: 0, output: 0 });
  for (const [which, given] of Object.entries(names)) {
    if (given === undefined) continue;
    const place = `names.${which}`;
    const { name, sizes = [] } = record(given, place, { name: 0, sizes: 0 });
    if (typeof name !== "string")
      throw wrong(false, `${place}.name`, "a string", name);
    const isSize = (size: unknown) =>
      typeof size === "string" || typeof size === "number";
    if (!Array.isArray(sizes) || !sizes.every(isSize))
      throw wrong(
        false,
        `${place}.sizes`,
        "a list of names and numbers",
        sizes,
      );
  }
  return names;
}

/**
 * The tensor for this input out of a record that may hold nothing else; lists of integers become Float32Arrays.
 *
 * @throws TypeError, RangeError that name the input
 */
export function inputOf(inputs: unknown, { name }: Port): TensorLike {
  const given = record(inputs, "inputs", { [name]: 0 })[name];
  if (given === undefined)
    throw new RangeError(
      message(`inputs[${JSON.stringify(name)}]`, "a tensor", "nothing"),
    );
  if (!isRecord(given) || !("data" in given)) return given as TensorLike;
  const { data } = given;
  const kind = typedArrayName.call(data);
  if (kind === "Float32Array" || (kind === undefined && !Array.isArray(data)))
    return given as unknown as TensorLike;
  const numbers = Float32Array.from(data as ArrayLike<number>, Number);
  return { ...given, data: numbers } as unknown as TensorLike;
}

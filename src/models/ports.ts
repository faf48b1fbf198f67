import type { Layer } from "../layers/layer.js";
import type { Port } from "./model.js";

/** What the ports of a chain are told by. */
interface Ends {
  readonly layers: readonly Layer[];
  readonly inputSize: number;
  readonly outputSize: number;
  readonly takesTokens: boolean;
  readonly lastOnly: boolean;
}

/** What a chain takes. */
export function inputPort({ inputSize, takesTokens }: Ends): Port {
  return takesTokens
    ? port("input", ["B", "T"], "int64")
    : port("input", ["B", "T", inputSize], "float32");
}

/** What a chain gives. */
export function outputPort({ layers, outputSize, lastOnly }: Ends): Port {
  const time = lastOnly ? [] : [timeOut(layers)];
  return port("output", ["B", ...time, outputSize], "float32");
}

/** T where as many steps come out as go in, their number where it is always the same, else "T'". */
function timeOut(layers: readonly Layer[]): number | string {
  const out = (steps: number) =>
    layers.reduce((left, layer) => layer.stepsOut(left), steps);
  const [one, next] = [out(512), out(513)];
  if (one === 512 && next === 513) return "T";
  return one === next && out(1024) === one ? one : "T'";
}

const port = (name: string, shape: (number | string)[], type: string): Port =>
  Object.freeze({ name, shape: Object.freeze(shape), type });

/** `gatewise forecast MODEL HISTORY OUT`: continues a series, each output being the next input. @module */
import type { Tensor } from "../../tensor.js";
import { arraysText } from "../data/arrays.js";
import { type Kind, kindOf } from "../data/kinds.js";
import { inputFor } from "../../data/shapes.js";
import { about, UsageError } from "../errors.js";
import { loadModel } from "../model.js";
import { writeOutput } from "../../data/output.js";
import { type ReadGiven, readGiven, scaled } from "../run/given.js";
import type { CommonOptions } from "./options.js";

interface ForecastOptions extends CommonOptions, ReadGiven {
  readonly steps: number;
  readonly to?: Kind;
}

export async function forecast(
  file: string,
  input: string,
  out: string,
  options: ForecastOptions,
): Promise<void> {
  const { steps, scale = 1, quiet } = options;
  const to = kindOf(out, options.to, "csv", "--to");
  if (to === "wav") throw new UsageError("--to: expected numbers, got wav");
  const loaded = await loadModel(file, options);
  const model = loaded.runner.chain(file);
  const { arrays } = await about(input, () =>
    readGiven(loaded, input, options),
  );
  const [history] = arrays.values();
  const next = await about(input, () =>
    model.forecast(inputFor(model, history as Tensor), steps),
  );
  const outputs = scaled(new Map([["", next]]), scale);
  await about(out, () => writeOutput(out, arraysText(outputs, to)));
  if (!quiet && out !== "-")
    process.stderr.write(`${out}: [${next.shape.join(", ")}]\n`);
}

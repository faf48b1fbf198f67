import { message } from "../../checks.js";
import { toOnnx } from "../../formats/onnx/index.js";
import { inputFor } from "../../data/shapes.js";
import type { Block } from "../../data/lines.js";
import { FormatError, type Sequential } from "../../index.js";
import type { Tensor } from "../../tensor.js";
import type { Arrays } from "../data/arrays.js";
import type { Case } from "../data/cases.js";
import type { Kind } from "../data/kinds.js";
import type { Audio } from "../data/wav.js";
import { UsageError } from "../errors.js";
import { fromAudio } from "./audio.js";
import { answerLines } from "./lines.js";
import type { LineOptions, Runner } from "./runner.js";
import { answersEveryStep, runWhole } from "./whole.js";

/** Runs a chain of layers: one input, one output, and a state that it keeps itself. */
export class ChainRunner implements Runner {
  readonly outputNames = [];
  readonly lineKinds: readonly Kind[] = ["csv", "jsonl"];
  readonly #model: Sequential;

  constructor(model: Sequential) {
    this.#model = model;
  }

  // a line of JSON may be a whole sequence, which any model accepts
  readonly answersLines = (from: Kind) =>
    from === "jsonl" || answersEveryStep(this.#model);

  checkStates(): void {
    throw new UsageError(
      "--states: expected a graph, got a chain of layers, which keeps its own state",
    );
  }

  answer(
    blocks: AsyncIterable<Block>,
    { from, to, columns, scale, independent }: LineOptions,
  ) {
    const kinds = [from, to] as ["csv" | "jsonl", "csv" | "jsonl"];
    return answerLines(
      this.#model,
      ...kinds,
      blocks,
      columns,
      scale,
      independent,
    );
  }

  async runArrays(
    arrays: Arrays,
    done: (share: number) => void,
  ): Promise<Arrays> {
    const input = arrays.get("input") ?? [...arrays.values()][0];
    if (!input || (arrays.size > 1 && !arrays.has("input"))) {
      const names = [...arrays.keys()].join(", ") || "none";
      const expected = "one, or one named input";
      throw new FormatError(message("arrays", expected, names));
    }
    return new Map([["", await runWhole(this.#model, input, done)]]);
  }

  fromAudio(audio: Audio, knobs: readonly number[]): Tensor {
    return fromAudio(audio, this.#model, knobs);
  }

  toCase({ inputs, outputs }: Case) {
    const [input] = inputs.values();
    const [output] = outputs.values();
    return {
      input: inputFor(this.#model, input as Tensor),
      output: output as Tensor,
    };
  }

  toOnnx(): Uint8Array {
    return toOnnx(this.#model);
  }

  chain(): Sequential {
    return this.#model;
  }
}

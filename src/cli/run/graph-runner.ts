import type { Graph } from "../../formats/load/index.js";
import type { Block } from "../../data/lines.js";
import type { Tensor } from "../../tensor.js";
import type { Arrays } from "../data/arrays.js";
import type { Case } from "../data/cases.js";
import type { Kind } from "../data/kinds.js";
import { UsageError } from "../errors.js";
import { answerGraphLines } from "../../data/graph-lines.js";
import type { LineOptions, Runner } from "./runner.js";

/** Runs a graph: inputs and outputs by name. */
export class GraphRunner implements Runner {
  readonly outputNames: readonly string[];
  /** Not csv, which has no names for inputs. */
  readonly lineKinds: readonly Kind[] = ["jsonl"];
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.outputNames = graph.outputs.map(({ name }) => name);
  }

  readonly answersLines = () => true;

  checkStates(): void {}

  answer(blocks: AsyncIterable<Block>, { states }: LineOptions) {
    return answerGraphLines(this.#graph, states, blocks);
  }

  async runArrays(arrays: Arrays): Promise<Arrays> {
    const named: [string, Tensor][] = Array.from(arrays, ([name, tensor]) => [
      // the only array of a file that has no names is the first input
      name === "" ? (this.#graph.inputs[0]?.name ?? "") : name,
      tensor,
    ]);
    const outputs = this.#graph.run(Object.fromEntries(named));
    return new Map(Object.entries(outputs));
  }

  fromAudio(): never {
    throw new UsageError("a WAV file: expected a chain of layers, got a graph");
  }

  toCase({ inputs, outputs }: Case) {
    return {
      inputs: Object.fromEntries(inputs),
      outputs: Object.fromEntries(outputs),
    };
  }

  toOnnx(): never {
    throw new UsageError("--to onnx: expected a chain of layers, got a graph");
  }

  chain(file: string): never {
    throw new UsageError(`${file}: expected a chain of layers, got a graph`);
  }
}

/*
 * Runs a graph once for each line of input.
 *
 * An object holds inputs by name; its answer holds the outputs by name and all other fields of the object. A list is the
 * first input; its answer is the first output. With states, outputs that are inputs of the next run, each line continues
 * the one before it, or the last one with the same `stream`.
 */
import { isRecord } from "../checks.js";
import { reasonOf } from "../errors.js";
import type { Graph } from "../graph/index.js";
import { FormatError, type Nested, tensor, type Tensor } from "../index.js";
import { type Line, nestedText, readLines } from "./json-lines.js";
import type { Block } from "./lines.js";

/** The output that each state input gets from the run before. */
export type States = Readonly<Record<string, string>>;

type Run = (inputs: Readonly<Record<string, Tensor>>) => Record<string, Tensor>;

/** Yields the answer to each block, and the number of lines. */
export async function* answerGraphLines(
  graph: Graph,
  states: States | null,
  blocks: AsyncIterable<Block>,
): AsyncGenerator<{ text: string; lines: number }> {
  const answers = new GraphAnswers(graph, states);
  for await (const block of blocks) {
    let text = "";
    let lines = 0;
    for (const line of readLines(block)) {
      text += answers.toLine(line);
      lines++;
    }
    if (text) yield { text, lines };
  }
}

/** Lines through a graph. */
export class GraphAnswers {
  readonly #graph: Graph;
  readonly #states: States | null;
  readonly #inputs: ReadonlySet<string>;
  readonly #runs = new Map<unknown, Run>();

  constructor(graph: Graph, states: States | null) {
    this.#graph = graph;
    this.#states = states;
    this.#inputs = new Set(graph.inputs.map(({ name }) => name));
  }

  toLine({ value, at }: Line): string {
    try {
      return isRecord(value) ? this.#toObject(value) : this.#toList(value);
    } catch (error) {
      const text = reasonOf(error);
      throw new FormatError(`line ${at}: ${text}`);
    }
  }

  #toObject(fields: Readonly<Record<string, unknown>>): string {
    const inputs: [string, Tensor][] = [];
    const rest: [string, unknown][] = [];
    for (const [name, value] of Object.entries(fields))
      if (this.#inputs.has(name)) inputs.push([name, toTensor(value, name)]);
      else rest.push([name, value]);
    const outputs = this.#run(fields["stream"])(Object.fromEntries(inputs));
    const before = rest
      .filter(([name]) => !Object.hasOwn(outputs, name))
      .map(
        ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
      );
    const after = Object.entries(outputs).map(
      ([name, output]) => `${JSON.stringify(name)}:${nestedText(output)}`,
    );
    return `{${[...before, ...after].join(",")}}\n`;
  }

  #toList(value: unknown): string {
    const { inputs, outputs } = this.#graph;
    const first = inputs[0]?.name ?? "";
    const results = this.#run(undefined)({ [first]: toTensor(value, first) });
    return `${nestedText(results[outputs[0]?.name ?? ""] as Tensor)}\n`;
  }

  #run(name: unknown): Run {
    const found = this.#runs.get(name);
    if (found) return found;
    const graph = this.#graph;
    if (!this.#states) return (inputs) => graph.run(inputs);
    const stream = graph.stream({ states: this.#states });
    const run: Run = (inputs) => stream.run(inputs);
    this.#runs.set(name, run);
    return run;
  }
}

function toTensor(value: unknown, name: string): Tensor {
  if (typeof value === "number" || Array.isArray(value))
    return tensor(value as Nested);
  const got = value === null ? "null" : typeof value;
  throw new TypeError(`${name}: expected numbers, got ${got}`);
}

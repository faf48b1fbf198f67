import { message, record } from "../../checks.js";
import { checkBackend } from "../../layers/options.js";
import type { Tensor } from "../../tensor.js";
import type { Compiled } from "./compile.js";
import { runPlan } from "./graph.js";
import {
  type Input,
  type OnnxInput,
  type OnnxValueInfo,
  toTensor,
  toValue,
} from "./input.js";
import type { BackendChoice } from "./node.js";
import { readSaved, saveModel } from "./saved.js";
import { OnnxStream, type OnnxStreamOptions } from "./stream.js";
import type { Value } from "./value.js";

/** An ONNX graph, ready to run. */
export class OnnxModel {
  /** What `run` takes; all of it is needed but for `optionalInputs`. */
  readonly inputs: readonly OnnxValueInfo[];
  /** The names of inputs that have a value in the file. */
  readonly optionalInputs: readonly string[];
  /** What `run` gives. */
  readonly outputs: readonly OnnxValueInfo[];
  readonly #compiled: Compiled;
  readonly #inputs: ReadonlyMap<string, Input>;

  /** @internal */
  constructor(compiled: Compiled) {
    const { inputs, outputs } = compiled;
    this.inputs = inputs.map(({ info }) => info);
    this.optionalInputs = inputs
      .filter(({ initial }) => initial)
      .map(({ info }) => info.name);
    this.outputs = outputs;
    this.#compiled = compiled;
    this.#inputs = new Map(inputs.map((input) => [input.info.name, input]));
  }

  /**
   * Runs the graph once.
   *
   * @returns a tensor an output, all of them copies; integers and truth values (0 and 1) as float32 numbers
   * @throws TypeError, RangeError that name the input, or the node that its shape does not suit
   */
  run(inputs: Readonly<Record<string, OnnxInput>>): Record<string, Tensor> {
    const values = this.compute(this.check(inputs));
    return this.tensors(values);
  }

  /**
   * Runs the graph again and again, inputs of one run being outputs of the run before: with
   * `{ states: { h0: "hn", c0: "cn" } }` the input h0 is what hn was.
   *
   * @throws TypeError, RangeError for names that the model does not have
   */
  stream(options: OnnxStreamOptions): OnnxStream {
    return new OnnxStream(this, options);
  }

  /**
   * The model as a safetensors file: its floats as tensors, the graph, which has the rest, in metadata.gatewise. What
   * was computed at load is not computed again.
   *
   * @throws TypeError when the metadata are not strings
   */
  save(metadata: Record<string, string> = {}): Uint8Array {
    return saveModel(this.#compiled, metadata);
  }

  /**
   * Reads what `save` wrote: the same outputs, to the bit.
   *
   * @throws TypeError, RangeError that name the argument; FormatError naming the place
   */
  static load(
    bytes: Uint8Array | ArrayBuffer,
    options: { backend?: BackendChoice } = {},
  ): OnnxModel {
    const { backend } = record(options, "options", { backend: 0 });
    return new OnnxModel(readSaved(bytes, checkBackend(backend ?? "auto")));
  }

  /**
   * The values of the inputs by name; `except`: those that come from elsewhere.
   *
   * @internal
   */
  check(
    given: unknown,
    except: ReadonlySet<string> = new Set(),
  ): Map<string, Value> {
    const entries = record(given, "inputs");
    for (const name of Object.keys(entries)) {
      if (this.#inputs.has(name) && !except.has(name)) continue;
      const names = [...this.#inputs.keys()].filter((own) => !except.has(own));
      const expected = `the inputs ${names.join(", ")} alone`;
      throw new RangeError(
        message(`inputs[${JSON.stringify(name)}]`, expected, "one more"),
      );
    }
    const values = new Map<string, Value>();
    for (const [name, { info, dtype, initial }] of this.#inputs) {
      if (except.has(name)) continue;
      const own = Object.hasOwn(entries, name) ? entries[name] : undefined;
      values.set(
        name,
        own === undefined && initial ? initial : toValue(own, info, dtype),
      );
    }
    return values;
  }

  /** @internal */
  compute(values: ReadonlyMap<string, Value>): Map<string, Value> {
    const { plan } = this.#compiled;
    const slots = [...plan.constants];
    const slotOf = (name: string) => plan.slots.get(name) as number;
    for (const [name, value] of values) slots[slotOf(name)] = value;
    runPlan(plan, slots);
    return new Map(
      this.outputs.map(({ name }) => [name, slots[slotOf(name)] as Value]),
    );
  }

  /** @internal */
  tensors(values: ReadonlyMap<string, Value>): Record<string, Tensor> {
    // fromEntries defines own properties, so an output may be called __proto__
    return Object.fromEntries(
      Array.from(values, ([name, value]) => [name, toTensor(value, name)]),
    );
  }

  /** @internal */
  input(name: string): Input | undefined {
    return this.#inputs.get(name);
  }
}

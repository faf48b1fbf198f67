import type { Bytes } from "../../bytes.js";
import { message, record } from "../../checks.js";
import { type BackendChoice, checkBackend } from "../../layers/options.js";
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
  /** In the order of `inputs` and `outputs`, as are lists of their values. */
  readonly #inputs: readonly Input[];
  readonly #names: ReadonlySet<string>;
  readonly #inputSlots: readonly number[];
  readonly #outputSlots: readonly number[];

  /** @internal */
  constructor(compiled: Compiled) {
    const { inputs, outputs } = compiled;
    this.inputs = inputs.map(({ info }) => info);
    this.optionalInputs = inputs
      .filter(({ initial }) => initial)
      .map(({ info }) => info.name);
    this.outputs = outputs;
    this.#compiled = compiled;
    const slotOf = ({ name }: OnnxValueInfo) =>
      compiled.plan.slots.get(name) as number;
    this.#inputs = inputs;
    this.#names = new Set(this.inputs.map(({ name }) => name));
    this.#inputSlots = this.inputs.map(slotOf);
    this.#outputSlots = outputs.map(slotOf);
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
  save(metadata: Record<string, string> = {}): Bytes {
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
    return make(readSaved(bytes, checkBackend(backend)));
  }

  /**
   * The values of the inputs; `except`: the names of those that come from elsewhere, which stay undefined.
   *
   * @internal
   */
  check(
    given: unknown,
    except: ReadonlySet<string> = NONE,
  ): (Value | undefined)[] {
    const entries = record(given, "inputs");
    for (const name of Object.keys(entries)) {
      if (this.#names.has(name) && !except.has(name)) continue;
      const names = [...this.#names].filter((own) => !except.has(own));
      const expected = `the inputs ${names.join(", ")} alone`;
      throw new RangeError(
        message(`inputs[${JSON.stringify(name)}]`, expected, "one more"),
      );
    }
    const values: (Value | undefined)[] = [];
    for (const input of this.#inputs) {
      const { info, initial } = input;
      const { name } = info;
      if (except.has(name)) {
        values.push(undefined);
        continue;
      }
      const own = Object.hasOwn(entries, name) ? entries[name] : undefined;
      values.push(own === undefined && initial ? initial : toValue(own, input));
    }
    return values;
  }

  /** Values of the inputs → those of the outputs. @internal */
  compute(values: readonly (Value | undefined)[]): Value[] {
    const { plan } = this.#compiled;
    const slots = [...plan.constants];
    for (let i = 0; i < values.length; i++)
      slots[this.#inputSlots[i] as number] = values[i];
    runPlan(plan, slots);
    const outputs: Value[] = [];
    for (const slot of this.#outputSlots) outputs.push(slots[slot] as Value);
    return outputs;
  }

  /** Values of the outputs as users get them. @internal */
  tensors(values: readonly Value[]): Record<string, Tensor> {
    const entries: [string, Tensor][] = [];
    for (let i = 0; i < values.length; i++) {
      const { name } = this.outputs[i] as OnnxValueInfo;
      entries.push([name, toTensor(values[i] as Value, name)]);
    }
    // fromEntries defines own properties, so an output may be called __proto__
    return Object.fromEntries(entries);
  }

  /** @internal */
  input(name: string): Input | undefined {
    return this.#inputs.find(({ info }) => info.name === name);
  }
}

// Outside of the class: esbuild calls one that names itself _OnnxModel, and so would consoles.
const make = (compiled: Compiled): OnnxModel => new OnnxModel(compiled);

const NONE: ReadonlySet<string> = new Set();

import { FormatError } from "../../errors.js";
import type { BackendChoice } from "../../layers/options.js";
import { makeReport, type Report } from "../report.js";
import type { ExternalFiles } from "./external.js";
import { Fields } from "./fields.js";
import { isStandard, type Plan, Planner } from "./graph.js";
import type { Input, OnnxValueInfo } from "./input.js";
import type { GraphProto, ModelProto, ValueInfoProto } from "./messages.js";
import type { Setting } from "./node.js";
import { readModel } from "./read.js";
import { dtypeOf, valueOf } from "./tensors.js";
import { DTYPES } from "./value.js";
import { Work } from "./work.js";

/** The opsets that nodes are known in: from 7 on, broadcasting is NumPy's. */
const OLDEST = 7;
const NEWEST = 22;

/** From this version of the IR on, an initializer that is an input too is that input's default; before, a constant. */
const DEFAULTS_IR = 4;

/** What a file says and how it is read, as far as a caller may choose. */
export interface Choices {
  readonly backend: BackendChoice;
  readonly forceLinearBeforeReset: boolean;
  readonly files: ExternalFiles;
}

/** A file ready to run. */
export interface Compiled {
  readonly plan: Plan;
  readonly inputs: readonly Input[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly opset: number;
  readonly producer: readonly [name: string, version: string];
  readonly report: Report;
}

/** @throws FormatError that names the place */
export function compile(bytes: Uint8Array, choices: Choices): Compiled {
  const proto = readModel(new Fields(bytes));
  const { graph, producerName, producerVersion, irVersion } = proto;
  if (!graph) throw new FormatError("expected a model, got none", "graph");
  const setting: Setting = {
    ...choices,
    opset: opsetOf(proto),
    producer: producerName,
    work: new Work(),
    layers: [],
    converted: conversions(graph),
    ignored: leftOut(proto, graph),
    warnings: [],
  };
  const { opset, layers, converted, ignored, warnings } = setting;
  if (opset > NEWEST)
    warnings.push(`opset ${opset} is newer than ${NEWEST}, and read as that`);
  if (graph.sparseInitializers)
    throw new FormatError("expected none, got some", "sparse initializers");
  const inputs = inputsOf(graph, irVersion, choices.files);
  const names = inputs.map(({ info }) => info.name);
  const plan = new Planner(setting).plan(graph, names);
  const outputs = graph.outputs.map((info) => describe(info, "output"));
  const report = makeReport({
    format: "onnx",
    producer: [producerName, producerVersion].filter(Boolean).join(" ") || null,
    version: `IR ${irVersion}, opset ${opset}`,
    layers,
    converted,
    ignored,
    warnings,
  });
  const producer = [producerName, producerVersion] as const;
  return { plan, inputs, outputs, opset, producer, report };
}

function opsetOf({ opsets }: ModelProto): number {
  const found = opsets.find(({ domain }) => isStandard(domain));
  const version = found?.version ?? 0;
  if (version >= OLDEST) return version;
  const got = found ? `${version}` : "none";
  throw new FormatError(
    `expected opset ${OLDEST} to ${NEWEST}, got ${got}`,
    "opset_import",
  );
}

function inputsOf(
  { inputs, initializers }: GraphProto,
  irVersion: number,
  files: ExternalFiles,
): Input[] {
  const tensors = new Map(initializers.map((tensor) => [tensor.name, tensor]));
  const given =
    irVersion < DEFAULTS_IR
      ? inputs.filter(({ name }) => !tensors.has(name))
      : inputs;
  return given.map((proto) => {
    const info = describe(proto, "input");
    const name = JSON.stringify(proto.name);
    const { dtype } = dtypeOf(proto.type, `input ${name}`);
    const tensor = tensors.get(proto.name);
    const initial = tensor
      ? valueOf(tensor, `initializer ${name}`, files)
      : null;
    return { info, place: `inputs[${name}]`, dtype, initial };
  });
}

/** Outputs may leave their type open. */
function describe(
  { name, type, shape }: ValueInfoProto,
  kind: "input" | "output",
): OnnxValueInfo {
  const dtype =
    type === 0 && kind === "output"
      ? "unknown"
      : dtypeOf(type, `${kind} ${JSON.stringify(name)}`).name;
  return Object.freeze({ name, dtype, shape: shape && Object.freeze(shape) });
}

/** How many tensors of each float there are that are not float32. */
function conversions({ initializers }: GraphProto): string[] {
  const counts = new Map<string, number>();
  for (const { type } of initializers) {
    const found = DTYPES.get(type);
    if (found?.dtype === "float32" && found.name !== "float32")
      counts.set(found.name, (counts.get(found.name) ?? 0) + 1);
  }
  return Array.from(
    counts,
    ([name, count]) =>
      `${count} ${count === 1 ? "tensor" : "tensors"} of ${name}, read as float32`,
  );
}

function leftOut(
  { metadata, functions, training }: ModelProto,
  { nodes, initializers, outputs }: GraphProto,
): string[] {
  const list: string[] = [];
  if (metadata.length)
    list.push(
      `metadata ${metadata.map((name) => JSON.stringify(name)).join(", ")}`,
    );
  if (functions) list.push(`${functions} functions, which no node calls`);
  if (training) list.push("training information");
  const used = new Set([
    ...nodes.flatMap(({ inputs }) => inputs),
    ...outputs.map(({ name }) => name),
  ]);
  const unused = initializers.filter(({ name }) => !used.has(name));
  if (unused.length)
    list.push(`${unused.length} initializers that no node reads`);
  return list;
}

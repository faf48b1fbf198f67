/*
 * Models as safetensors files. The graph is an ONNX file itself, base64 in metadata.gatewise, whose floats are external
 * data: the location of each is the name of a tensor. So what reads ONNX reads this too.
 */
import type { Bytes } from "../../bytes.js";
import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import { describe, isRecord, message } from "../../checks.js";
import { DTYPES } from "../../dtypes.js";
import { FormatError } from "../../errors.js";
import type { BackendChoice } from "../../layers/options.js";
import { readHeader } from "../../safetensors-header.js";
import { parse, serialize, type StateDict } from "../../safetensors.js";
import { type Compiled, compile } from "./compile.js";
import { ExternalFiles } from "./external.js";
import type { Plan } from "./graph.js";
import type { OnnxValueInfo } from "./input.js";
import { makeExternalTensor, makeTensor } from "./made.js";
import type { GraphProto, ValueInfoProto } from "./messages.js";
import { DTYPES as TYPES, type Value } from "./value.js";
import { writeModel } from "./write.js";

/** The form of metadata.gatewise; a reader refuses others. */
const VERSION = 1;

/** The first in which an initializer that is an input too is that input's default. */
const IR_VERSION = 8;

const PLACE = "metadata.gatewise";

export function saveModel(
  compiled: Compiled,
  metadata: Record<string, string>,
): Bytes {
  const { plan, inputs, outputs, opset, producer } = compiled;
  const values = valuesOf(plan);
  for (const { info, initial } of inputs)
    if (initial) values.set(info.name, initial);
  for (const { name } of outputs) {
    const value = plan.constants[plan.slots.get(name) as number];
    if (value) values.set(name, value);
  }
  const tensors: StateDict = {};
  const graph: GraphProto = {
    name: "graph",
    nodes: plan.steps.map(({ node }) => node.proto),
    initializers: Array.from(values, ([name, value]) => {
      // a safetensors file has the one name for itself
      if (value.dtype !== "float32" || name === "__metadata__")
        return makeTensor(name, value);
      const { shape, data } = value;
      // defined, not set: a tensor may be called __proto__
      Object.defineProperty(tensors, name, {
        value: { shape, data },
        enumerable: true,
      });
      return makeExternalTensor(name, value, name);
    }),
    sparseInitializers: 0,
    inputs: inputs.map(({ info }) => valueInfo(info)),
    outputs: outputs.map(valueInfo),
  };
  const [producerName, producerVersion] = producer;
  const onnx = writeModel({
    irVersion: IR_VERSION,
    producerName,
    producerVersion,
    opsets: [{ domain: "", version: opset }],
    graph,
    metadata: [],
    functions: 0,
    training: 0,
  });
  const gatewise = JSON.stringify({
    version: VERSION,
    onnx: base64Encode(onnx),
  });
  return serialize(tensors, { ...metadata, gatewise });
}

/** The values known at load that steps read, those too that layers have taken in. */
function valuesOf(plan: Plan): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const { node } of plan.steps)
    node.proto.inputs.forEach((name, i) => {
      const value =
        node.absorbed(i) ?? plan.constants[plan.slots.get(name) ?? -1];
      if (value) values.set(name, value);
    });
  return values;
}

function valueInfo({ name, dtype, shape }: OnnxValueInfo): ValueInfoProto {
  const found = [...TYPES].find(([, own]) => own.name === dtype);
  return { name, type: found?.[0] ?? 0, shape: shape && [...shape] };
}

/** Whether the file is one that OnnxModel.save wrote; damage elsewhere in it does not matter. */
export function isSaved(bytes: Uint8Array): boolean {
  try {
    const { gatewise = "" } = readHeader(bytes, DTYPES).metadata;
    return "onnx" in parseJson(gatewise);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

/** @throws FormatError naming the place */
export function readSaved(
  bytes: Uint8Array | ArrayBuffer,
  backend: BackendChoice,
): Compiled {
  const { tensors, metadata } = parse(bytes);
  const onnx = graphOf(metadata["gatewise"]);
  const files = Object.entries(tensors).map(
    ([name, { data }]) =>
      [
        name,
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      ] as const,
  );
  // each is written once
  const size = files.reduce((sum, [, file]) => sum + file.length, 0);
  return compile(onnx, {
    backend,
    forceLinearBeforeReset: false,
    files: new ExternalFiles(Object.fromEntries(files), size),
  });
}

function graphOf(text: string | undefined): Uint8Array {
  if (text === undefined)
    throw new FormatError(
      "expected what OnnxModel.save writes, got none",
      PLACE,
    );
  const { version, onnx } = parseJson(text);
  if (version !== VERSION)
    throw new FormatError(
      message("version", `${VERSION}`, describe(version)),
      PLACE,
    );
  if (typeof onnx !== "string")
    throw new FormatError(message("onnx", "a graph", describe(onnx)), PLACE);
  try {
    return base64Decode(onnx);
  } catch {
    throw new FormatError(message("onnx", "base64", describe(onnx)), PLACE);
  }
}

function parseJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`expected JSON, got ${String(error)}`, PLACE);
  }
  if (isRecord(value)) return value;
  throw new FormatError(`expected an object, got ${describe(value)}`, PLACE);
}

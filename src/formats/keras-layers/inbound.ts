/*
 * The arguments of the calls in a functional model.
 *
 *     Keras 2  inbound_nodes: [[["lstm", call, output, { keyword: value }], …more inputs], …more calls]
 *     Keras 3  inbound_nodes: [{ args: [tensor], kwargs: { mask: tensor } }, …]
 *              tensor: { class_name: "__keras_tensor__", config: { keras_history: ["lstm", call, output] } }
 */
import { isRecord } from "../../checks.js";
import { field, inside, list, type Place, unexpected } from "../json.js";

/** A tensor: an output of a layer's call. */
export class Reference {
  readonly layer: string;
  readonly call: number;
  readonly output: number;

  constructor(layer: string, call: number, output: number) {
    this.layer = layer;
    this.call = call;
    this.output = output;
  }

  /** The call alone. */
  get from(): string {
    return callName(this.layer, this.call);
  }
}

export const callName = (layer: string, call: number): string =>
  `${call}:${layer}`;

/** The arguments of a call: tensors, JSON, and lists of both. */
export interface Arguments {
  readonly args: readonly unknown[];
  readonly keywords: ReadonlyMap<string, unknown>;
}

/** The calls of a layer. */
export function readCalls(place: Place): Arguments[] {
  return list(place, "inbound_nodes").map((call, i) => {
    const at = `${inside(place, "inbound_nodes")}[${i}]`;
    return Array.isArray(call) ? readCall2(call, at) : readCall3(call, at);
  });
}

/** [name, call, output]; null for anything else. */
export function reference(value: unknown): Reference | null {
  if (!Array.isArray(value) || value.length < 3) return null;
  const [name, call, output] = value as unknown[];
  const sizes = [call, output].every(
    (n) => Number.isSafeInteger(n) && (n as number) >= 0,
  );
  return typeof name === "string" && sizes
    ? new Reference(name, call as number, output as number)
    : null;
}

function readCall2(call: readonly unknown[], at: string): Arguments {
  const each = typeof call[0] === "string" ? [call] : call;
  const args = each.map((value, i) => {
    // how TensorFlow writes arguments that are not tensors
    if (Array.isArray(value) && value[0] === "_CONSTANT_VALUE") return value[2];
    const tensor = reference(value);
    if (tensor) return tensor;
    throw unexpected("[name, node, tensor]", value, `${at}[${i}]`);
  });
  const keywords = new Map<string, unknown>();
  for (const value of each) {
    const own: unknown = Array.isArray(value) ? value[3] : undefined;
    if (!isRecord(own)) continue;
    for (const [name, given] of Object.entries(own))
      keywords.set(name, withReferences2(given, 0));
  }
  return { args: args.length === 1 ? args : [args], keywords };
}

function withReferences2(value: unknown, depth: number): unknown {
  const found = reference(value);
  if (found) return found;
  if (!Array.isArray(value)) return value;
  return depth < MAX_DEPTH
    ? value.map((each) => withReferences2(each, depth + 1))
    : null;
}

function readCall3(call: unknown, at: string): Arguments {
  if (!isRecord(call)) throw unexpected("args and kwargs", call, at);
  const place = { at, fields: call };
  const own = field(place, "kwargs") ?? {};
  const keywords = isRecord(own) ? Object.entries(own) : [];
  return {
    args: list(place, "args").map((arg) => withReferences3(arg, 0)),
    keywords: new Map(
      keywords.map(([name, value]) => [name, withReferences3(value, 0)]),
    ),
  };
}

/** More nested lists than any call of Keras has. */
const MAX_DEPTH = 4;

function withReferences3(value: unknown, depth: number): unknown {
  if (Array.isArray(value))
    return depth < MAX_DEPTH
      ? value.map((each) => withReferences3(each, depth + 1))
      : null;
  if (!isRecord(value) || value["class_name"] !== "__keras_tensor__")
    return value;
  const { config } = value;
  const found = isRecord(config) ? reference(config["keras_history"]) : null;
  return found ?? value;
}

/** The tensors in an argument, in order. */
export function referencesIn(value: unknown): Reference[] {
  if (value instanceof Reference) return [value];
  return Array.isArray(value) ? value.flatMap(referencesIn) : [];
}

export const allReferences = ({ args, keywords }: Arguments): Reference[] => [
  ...referencesIn(args),
  ...[...keywords.values()].flatMap(referencesIn),
];

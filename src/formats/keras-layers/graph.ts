/*
 * The graph of a functional model, which has to be one chain.
 *
 *     Keras 2  inbound_nodes: [[["lstm", node, tensor, { keyword: value }], …more inputs], …more calls]
 *     Keras 3  inbound_nodes: [{ args: [tensor], kwargs: { mask: tensor } }]
 *              tensor: { class_name: "__keras_tensor__", config: { keras_history: ["lstm", node, tensor] } }
 *
 * Masks go from layer to layer by themselves. Keras 3 nevertheless draws them: NotEqual nodes, Any behind a Masking's,
 * in front of the keyword `mask`. Those say nothing new, and are left out.
 */
import { isRecord } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { field, list, type Place, text, unexpected } from "../json.js";
import { flag } from "./config.js";

/** A tensor: the output number `index` of a layer. */
interface Reference {
  readonly name: string;
  readonly index: number;
}

interface Node {
  readonly place: Place;
  readonly className: string;
  readonly inputs: readonly Reference[];
  readonly masks: readonly Reference[];
}

const MASK_OPERATIONS = ["NotEqual", "Any"];

/**
 * The names of the layers from the input to the output.
 *
 * @throws FormatError naming the layer that is in no chain
 */
export function chainOf(config: Place, layers: readonly Place[]): string[] {
  const nodes = new Map<string, Node>();
  for (const place of layers) {
    const name = field(place, "name");
    if (typeof name !== "string" || nodes.has(name))
      throw unexpected("a name of its own", name, `${place.at}.name`);
    nodes.set(name, readNode(place));
  }
  const [input, ...others] = ends(config, "input_layers");
  if (input === undefined || others.length)
    throw refusal("expected one input", others[0]?.name ?? "input_layers");
  const found = new Set<string>();
  for (let name = outputOf(config); ;) {
    const node = nodes.get(name);
    if (!node || found.has(name))
      throw refusal("expected a layer of the model's, once", name);
    found.add(name);
    const [from, ...more] = node.inputs;
    if (from === undefined) break;
    if (more.length)
      throw refusal(
        "expected one input, got several: the model is no chain",
        name,
      );
    if (from.index !== 0)
      throw refusal(
        "expected the output of the layer before, got its state",
        name,
      );
    name = from.name;
  }
  const order = [...found].reverse();
  if (order[0] !== input.name)
    throw refusal("expected the model's input in front", order[0] as string);
  checkOthers(nodes, order, found);
  return order;
}

/** All that is not in the chain has to be a mask that goes along it anyway. */
function checkOthers(
  nodes: ReadonlyMap<string, Node>,
  order: readonly string[],
  chain: ReadonlySet<string>,
): void {
  const masked = new Set(
    order.filter((_, i) => masks(nodes.get(order[i + 1] ?? ""))),
  );
  for (const [name, { className, inputs }] of nodes) {
    if (chain.has(name)) continue;
    const [from, ...more] = inputs;
    const known =
      MASK_OPERATIONS.includes(className) &&
      !more.length &&
      from !== undefined &&
      (masked.has(from.name) || nodes.get(from.name)?.className === "NotEqual");
    if (!known)
      throw refusal(
        `${className} is not in the chain from input to output`,
        name,
      );
  }
  for (const name of order)
    for (const mask of (nodes.get(name) as Node).masks) {
      const from = nodes.get(mask.name)?.className ?? "";
      if (!MASK_OPERATIONS.includes(from) || !masked.size)
        throw refusal("expected the mask of an Embedding or a Masking", name);
    }
}

function masks(node: Node | undefined): boolean {
  if (node?.className === "Masking") return true;
  if (node?.className !== "Embedding") return false;
  const config = field(node.place, "config");
  const at = `${node.place.at}.config`;
  return isRecord(config) && flag({ at, fields: config }, "mask_zero", false);
}

function refusal(message: string, name: string): FormatError {
  return new FormatError(
    message,
    `layer ${JSON.stringify(name.slice(0, 100))}`,
  );
}

function outputOf(config: Place): string {
  const outputs = ends(config, "output_layers");
  const output = outputs.find(({ index }) => index === 0);
  const other = outputs.find(({ name }) => name !== output?.name);
  if (output && !other) return output.name; // the rest are its states
  throw refusal(
    "expected one output, and its states",
    other?.name ?? "output_layers",
  );
}

/** [name, node, tensor], or a list of such. */
function ends(config: Place, name: string): Reference[] {
  const given = list(config, name);
  const at = `${config.at}.${name}`;
  const each = typeof given[0] === "string" ? [given] : given;
  return each.map((value, i) => reference(value, `${at}[${i}]`));
}

function reference(value: unknown, at: string): Reference {
  const [name, , index] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof name === "string" && typeof index === "number")
    return { name, index };
  throw unexpected("[name, node, tensor]", value, at);
}

function readNode(place: Place): Node {
  const className = text(place, "class_name");
  const at = `${place.at}.inbound_nodes`;
  const [call, ...more] = list(place, "inbound_nodes");
  if (more.length)
    throw unexpected(
      "a layer that is called once",
      `${more.length + 1} calls`,
      at,
    );
  if (call === undefined) return { place, className, inputs: [], masks: [] };
  const read = Array.isArray(call) ? readCall2 : readCall3;
  return { place, className, ...read(call, `${at}[0]`) };
}

function readCall2(call: unknown, at: string): Pick<Node, "inputs" | "masks"> {
  const given = call as readonly unknown[];
  const each = typeof given[0] === "string" ? [given] : given;
  each.forEach((value, i) => {
    const keywords: unknown = Array.isArray(value) ? value[3] : undefined;
    const own = isRecord(keywords) ? keywords : {};
    for (const [name, tensor] of Object.entries(own))
      if (Array.isArray(tensor))
        throw unexpected("no tensors as keywords", name, `${at}[${i}][3]`);
  });
  const inputs = each.map((value, i) => reference(value, `${at}[${i}]`));
  return { inputs, masks: [] };
}

function readCall3(call: unknown, at: string): Pick<Node, "inputs" | "masks"> {
  if (!isRecord(call)) throw unexpected("args and kwargs", call, at);
  const place = { at, fields: call };
  const keywords = field(place, "kwargs") ?? {};
  const own = isRecord(keywords) ? keywords : {};
  let masks: Reference[] = [];
  for (const [name, value] of Object.entries(own)) {
    const found = tensors(value, `${at}.kwargs`);
    if (found.length && name !== "mask")
      throw unexpected("no tensors as keywords", name, `${at}.kwargs`);
    masks = found.length ? found : masks;
  }
  return { inputs: tensors(list(place, "args"), `${at}.args`), masks };
}

/** The tensors of a value: itself one, or those in a list, or in lists in it. */
function tensors(value: unknown, at: string, depth = 0): Reference[] {
  if (Array.isArray(value))
    return depth < 3
      ? value.flatMap((each, i) => tensors(each, `${at}[${i}]`, depth + 1))
      : [];
  if (!isRecord(value)) return [];
  const place = { at, fields: value };
  if (field(place, "class_name") !== "__keras_tensor__") return [];
  const config = field(place, "config");
  const history = isRecord(config)
    ? field({ at, fields: config }, "keras_history")
    : undefined;
  return [reference(history, `${at}.config.keras_history`)];
}

/*
 * Rewrites nodes of older opsets as those of the newest, so that the graph's operations need not know opsets. Axes, sizes
 * and limits that moved from attributes to inputs stay: operations read them from either.
 */
import type { AttributeValue } from "../../graph/index.js";
import { FormatError } from "../../errors.js";
import { DTYPES } from "./dtypes.js";

/** A node that is being translated. */
export interface Draft {
  type: string;
  readonly name: string;
  inputs: string[];
  readonly outputs: readonly string[];
  readonly attributes: Map<string, AttributeValue>;
  /** For messages: `node "a" (Cast)`. */
  readonly place: string;
}

/** The file's opset and producer, the option, and the report's lists. */
export interface Circumstances {
  readonly opset: number;
  readonly producer: string;
  readonly forceLinearBeforeReset: boolean;
  readonly converted: string[];
  readonly warnings: string[];
}

type Change = (node: Draft, circumstances: Circumstances) => void;

export function normalise(node: Draft, circumstances: Circumstances): void {
  if (Object.hasOwn(CHANGES, node.type))
    CHANGES[node.type]?.(node, circumstances);
}

/** Up to opset 12, softmax goes over all axes from `axis` on, 1 by default. */
const softmax: Change = ({ attributes }, { opset }) => {
  if (opset >= 13) return;
  attributes.set("flat", 1);
  if (!attributes.has("axis")) attributes.set("axis", 1);
};

/** Up to opset 9, the mask has the input's type; up to 11, onnxruntime's mask is all 0. */
const dropout: Change = ({ attributes }, { opset }) => {
  attributes.delete("is_test");
  if (opset < 10) attributes.set("typed_mask", 1);
  if (opset < 12) attributes.set("kept", 0);
};

/** Opset 6 aligns B with the axes of A from `axis` on, and only if `broadcast` is set. */
const arithmetic: Change = ({ attributes }, { opset }) => {
  if (opset < 7 && !attributes.get("broadcast")) attributes.delete("axis");
  attributes.delete("broadcast");
  attributes.delete("consumed_inputs");
};

/** From opset 18 on, the parts may be uneven. */
const split: Change = ({ attributes, inputs, outputs }, { opset }) => {
  if (opset >= 18 && !attributes.has("num_outputs") && inputs.length < 2)
    attributes.set("num_outputs", outputs.length);
};

const dtypeAttribute =
  (name: string): Change =>
  ({ attributes, place }, { converted }) => {
    const given = attributes.get(name);
    if (given === undefined) return;
    const found = DTYPES.get(given as number);
    if (!found) {
      const names = [...DTYPES.values()].map((type) => type.name).join(", ");
      throw new FormatError(
        `expected a tensor of ${names}, got data type ${given as number}`,
        place,
      );
    }
    if (found.dtype === "float32" && found.name !== "float32")
      converted.push(`${place}: casts to ${found.name}, computed in float32`);
    attributes.set(name, found.dtype);
  };

const cast: Change = (node, circumstances) => {
  if (!node.attributes.has("to"))
    throw new FormatError('expected an attribute "to", got none', node.place);
  node.attributes.delete("saturate"); // only for 8-bit floats
  dtypeAttribute("to")(node, circumstances);
};

/**
 * PyTorch's GRU resets after the product, but its torch.export leaves out the attribute for it
 * (github.com/microsoft/onnxscript/issues/2852).
 */
const gru: Change = (
  { attributes, place },
  { producer, forceLinearBeforeReset, warnings, converted },
) => {
  if (attributes.has("linear_before_reset")) return;
  if (forceLinearBeforeReset) {
    attributes.set("linear_before_reset", 1);
    converted.push(
      `${place}: linear_before_reset 1, by forceLinearBeforeReset`,
    );
  } else if (producer.toLowerCase().startsWith("pytorch"))
    warnings.push(
      `${place}: a GRU of PyTorch without linear_before_reset, which its exporter leaves out by mistake: ` +
        "results are likely wrong; the option forceLinearBeforeReset reads it as PyTorch computes it",
    );
};

/** Opset 8's Scan has a batch axis and lengths. */
const scan: Change = ({ place }, { opset }) => {
  if (opset < 9)
    throw new FormatError(
      `expected a Scan of opset 9 or later, got ${opset}`,
      place,
    );
};

/** Before opset 11, Resize has only scales, and one coordinate transformation. */
const resize: Change = (node, { opset }) => {
  if (opset >= 11) return;
  asResize(node);
};

/** Up to opset 8, the scales are an attribute. */
const upsample: Change = (node) => {
  node.type = "Resize";
  asResize(node);
};

function asResize({ inputs, attributes }: Draft): void {
  attributes.set("coordinate_transformation_mode", "asymmetric");
  attributes.set("nearest_mode", "opset_10");
  if (inputs.length > 1) inputs.splice(1, 0, "");
}

const CHANGES: Readonly<Record<string, Change>> = {
  Softmax: softmax,
  LogSoftmax: softmax,
  Hardmax: softmax,
  Dropout: dropout,
  Split: split,
  Cast: cast,
  EyeLike: dtypeAttribute("dtype"),
  QuantizeLinear: dtypeAttribute("output_dtype"),
  HannWindow: dtypeAttribute("output_datatype"),
  HammingWindow: dtypeAttribute("output_datatype"),
  BlackmanWindow: dtypeAttribute("output_datatype"),
  GRU: gru,
  Scan: scan,
  Resize: resize,
  Upsample: upsample,
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
  Pow: arithmetic,
  And: arithmetic,
  Or: arithmetic,
  Xor: arithmetic,
  Equal: arithmetic,
  Less: arithmetic,
  Greater: arithmetic,
  PRelu: arithmetic,
  Gemm: ({ attributes }) => void attributes.delete("broadcast"),
  BatchNormalization: ({ attributes }) => void attributes.delete("is_test"),
};

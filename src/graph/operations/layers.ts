/*
 * A layer of ours as it is, on [B, T, I]: what readers of other formats than ONNX make of recurrent layers.
 */
import { message } from "../../checks.js";
import type { State, Tensor } from "../../index.js";
import type { Compile } from "../node.js";
import type { Family } from "../table.js";
import type { Value } from "../value.js";
import { Frames } from "./frames.js";
import type { AnyLayer } from "./layer.js";

/** What layers have that run by themselves. */
interface Forward {
  forward(
    input: Tensor,
    options?: object,
  ): { readonly output: Tensor; readonly state?: State };
}

const layer: Compile = (node) => {
  node.expectInputs(1, 4);
  const own = node.layer("layer");
  if (!("forward" in own))
    throw node.error("expected a layer that runs by itself, got another one");
  const { forward } = own as unknown as Forward;
  const run = forward.bind(own);
  node.runsAs = own;
  node.layers.push(own);
  if (!node.setting.givenLayers) node.owned.push(own);
  const frames =
    "runsRows" in own && own.runsRows
      ? new Frames(node, own as AnyLayer, "layer")
      : null;
  return ([x, mask, hidden, cell]) => {
    const { watch } = node.setting.shared;
    const kept =
      mask || watch
        ? null
        : frames?.run(x as Value, hidden ?? null, cell ?? null);
    if (kept) return kept;
    const state = hidden && {
      hidden: tensorOf(hidden, node.place),
      ...(cell && { cell: tensorOf(cell, node.place) }),
    };
    const options = {
      ...(state && { state }),
      ...(mask && {
        mask: { shape: mask.shape, data: Float32Array.from(mask.data) },
      }),
    };
    const given = tensorOf(x as Value, node.place);
    watch?.(own, given, options);
    const result = state || mask ? run(given, options) : run(given);
    return [
      valueOf(result.output),
      result.state ? valueOf(result.state.hidden) : null,
      result.state?.cell ? valueOf(result.state.cell) : null,
    ];
  };
};

function tensorOf({ dtype, shape, data }: Value, place: string): Tensor {
  if (dtype === "float32") return { shape, data: data as Float32Array };
  if (dtype.startsWith("int")) return { shape, data: Float32Array.from(data) };
  throw new TypeError(message(place, "floats", dtype));
}

const valueOf = ({ shape, data }: Tensor): Value => ({
  dtype: "float32",
  shape,
  data,
});

export const layers = (): Family => ({
  operations: { Layer: layer },
  outputs: { Layer: 3 },
});

/*
 * Operators that pad.
 */
import { dtypeOf } from "../constants.js";
import type { Call, Translate } from "./call.js";
import { moved, sameScale } from "./moved.js";

/** Pads with 0, integers with their zero point. */
export function padWith(
  call: Call,
  x: string,
  pads: readonly number[],
): string {
  const { quantization, type } = call.tensor(0);
  const dtype = sameScale(call) ? dtypeOf(type) : null;
  if (!dtype) return call.emit("Pad", [x], { pads });
  const data = Float64Array.of(quantization?.zeros[0] ?? 0);
  const zero = call.builder.constant({ dtype, shape: [], data });
  const list = call.builder.integers(pads);
  return call.emit("Pad", [x, list, zero]);
}

/** [[before, after], ...] → ONNX's list of all before, then all after. */
function padsOf(call: Call): string {
  const { shape } = call.tensor(1);
  const known = call.known(1);
  if (known) {
    const list = Array.from(known.data);
    const side = (odd: number) => list.filter((_, i) => i % 2 === odd);
    return call.builder.integers([...side(0), ...side(1)]);
  }
  const transposed = call.emit("Transpose", [call.real(1)], { perm: [1, 0] });
  return call.emit("Reshape", [transposed], { shape: [2 * (shape[0] ?? 0)] });
}

const pad = moved((call, x) => {
  const given = call.has(2)
    ? sameScale(call)
      ? call.stored(2)
      : call.real(2)
    : null;
  if (given !== null) return call.emit("Pad", [x, padsOf(call), given]);
  const known = call.known(1);
  if (known) {
    const list = Array.from(known.data);
    const side = (odd: number) => list.filter((_, i) => i % 2 === odd);
    return padWith(call, x, [...side(0), ...side(1)]);
  }
  return call.emit("Pad", [x, padsOf(call)]);
});

/** Reflection leaves the edge out; symmetric padding repeats it. */
const mirrorPad = moved((call, x) => {
  const symmetric = call.options.byte("mode") === 1;
  if (!symmetric)
    return call.emit("Pad", [x, padsOf(call)], { mode: "reflect" });
  const pads = call.list(1);
  const { shape: given } = call.tensor(0);
  let y = x;
  given.forEach((size, axis) => {
    const [before = 0, behind = 0] = pads.slice(2 * axis, 2 * axis + 2);
    if (!before && !behind) return;
    if (before > size || behind > size)
      throw call.refuse(
        `expected at most ${size} places of padding, got ${before} and ${behind}`,
      );
    const mirrored = (starts: number, ends: number) =>
      call.emit("Slice", [y], {
        starts: [starts],
        ends: [ends],
        axes: [axis],
        steps: [-1],
      });
    const parts = [
      ...(before ? [mirrored(before - 1, -Infinity)] : []),
      y,
      ...(behind ? [mirrored(-1, -1 - behind)] : []),
    ];
    y = call.emit("Concat", parts, { axis });
  });
  return y;
});

export const padding: Readonly<Record<string, Translate>> = {
  PAD: pad,
  PADV2: pad,
  MIRROR_PAD: mirrorPad,
};

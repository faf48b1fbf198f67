import { isFloat32Array, message, oneOf } from "../checks.js";

/** A window by name, or its values. Hann's is periodic, like torch.hann_window; "none" leaves frames unchanged. */
export type Window = "hann" | "sqrt-hann" | "none" | Float32Array;

const NAMES = ["hann", "sqrt-hann", "none"] as const;

/** @throws TypeError, RangeError for an unknown name, or the wrong number of values */
export function windowOf(
  window: Window,
  size: number,
  name = "window",
): Float32Array {
  if (isFloat32Array(window)) {
    if (window.length === size) return window.slice();
    throw new RangeError(message(name, `${size} values`, `${window.length}`));
  }
  const known = oneOf(window, name, NAMES);
  if (known === "none") return new Float32Array(size).fill(1);
  const hann = (i: number) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size);
  return Float32Array.from({ length: size }, (_, i) =>
    known === "hann" ? hann(i) : Math.sqrt(hann(i)),
  );
}

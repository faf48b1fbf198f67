import { activation } from "../all-activations";
import { slope } from "./slopes";

/** to += from, `bytes` of them, a multiple of 16. */
export function add(to: usize, from: usize, bytes: i32): void {
  const end = to + bytes;
  for (; to < end; to += 16, from += 16)
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
}

/** y ← f(x), f by the slot at `slot`. */
export function bend(slot: usize, x: usize, y: usize, bytes: i32): void {
  const end = x + bytes;
  for (; x < end; x += 16, y += 16)
    v128.store(y, activation(slot, v128.load(x)));
}

/** dx ← dy ∘ f'(x), y being f(x). */
export function unbend(
  slot: usize,
  x: usize,
  y: usize,
  dy: usize,
  dx: usize,
  bytes: i32,
): void {
  const end = x + bytes;
  for (; x < end; x += 16, y += 16, dy += 16, dx += 16)
    v128.store(
      dx,
      f32x4.mul(v128.load(dy), slope(slot, v128.load(x), v128.load(y))),
    );
}

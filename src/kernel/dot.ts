import { dot } from "./binaries/dot.js";
import { integerRowBytes, PANEL_HEAD, ROW_HEAD } from "./pack/int8.js";
import { PANEL } from "./sizes.js";
import { decodeText } from "./text.js";

/*
 * The product of bytes by relaxed SIMD's dot product, assembly/dot, and whether this host has a correct one. Node 20 has
 * one, behind a flag, that ignores the sum to which it should add.
 */
let compiled: WebAssembly.Module | null | undefined;

/** A binary that the host has compiled, for the entries of edge workers. */
export function provideDot(module: WebAssembly.Module): void {
  compiled = module;
}

/** The function over a memory, for the simd binary's table; null if the host has no correct one. */
export function dotProduct(
  memory: WebAssembly.Memory,
): ((...numbers: number[]) => void) | null {
  return hasDot() ? dotOf(compiled as WebAssembly.Module, memory) : null;
}

/** Whether this host has a correct one. */
export function hasDot(): boolean {
  if (compiled === undefined) compiled = rightModule();
  return compiled !== null;
}

/** The function of a binary over a memory. */
export const dotOf = (module: WebAssembly.Module, memory: WebAssembly.Memory) =>
  new WebAssembly.Instance(module, { env: { memory } }).exports["dot"] as (
    ...numbers: number[]
  ) => void;

function rightModule(): WebAssembly.Module | null {
  try {
    const module = new WebAssembly.Module(decodeText(dot));
    return isRight(module) ? module : null;
  } catch {
    return null; // no relaxed SIMD, or no right to compile
  }
}

/** A test of three rows of the largest integers: the sums need more than 16 bits, and one row runs alone. */
function isRight(module: WebAssembly.Module): boolean {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { buffer } = memory;
  const product = dotOf(module, memory);
  const [panel, rows, z, k, count] = [0, 4096, 8192, 16, 3];
  const bytes = new Int8Array(buffer);
  const floats = new Float32Array(buffer);
  const stride = integerRowBytes(k);
  floats.fill(1, panel >> 2, (panel >> 2) + PANEL); // scales; biases and Σ are 0
  for (let row = rows; row < rows + count * stride; row += stride) {
    floats[row >> 2] = 1; // its scale; its zero is 0
    bytes.fill(127, row + ROW_HEAD, row + stride);
  }
  return [127, -127].every((weight) => {
    bytes.fill(weight, panel + PANEL_HEAD, panel + PANEL_HEAD + k * PANEL);
    product(panel, rows, stride, z, PANEL * 4, count, k, 1, 0);
    const sums = floats.subarray(z >> 2, (z >> 2) + count * PANEL);
    return sums.every((sum) => sum === k * 127 * weight);
  });
}

import { lanesOf, panelsOf, type Rows } from "./arena.js";
import { type Cell, fieldsOf } from "./cell.js";
import type { CellTape } from "./cell-forward.js";
import { type Loop, loopBackward } from "./cell-steps.js";
import { widthsOf } from "./cells/kind.js";
import { product, weightGradient } from "./panels.js";
import type { Machine } from "./run.js";
import type { Work } from "./work.js";

/** Gradients of a cell's states; `direct`: what the first h gets beside what comes through the steps. */
export interface Ends {
  readonly parts: readonly Float32Array[];
  direct: Float32Array | null;
}

/**
 * Back through the cell; adds to the gradients of its parameters.
 *
 * @param dy gradient of the packed outputs
 * @param ends gradient of the final states; becomes, in place, that of the first ones
 * @param trains whether parameters but a learned state change
 * @param needs whether the gradient of x is wanted
 */
export function* backwardCell(
  cell: Cell,
  machine: Machine,
  tape: CellTape,
  dy: Rows,
  ends: Ends,
  trains: boolean,
  needs: boolean,
): Work<Rows | null> {
  const { arena, regions } = machine;
  const { record, packing } = tape.loop;
  const { rows, count } = packing;
  const { z, second } = cell.plan;
  const { outputPanels } = widthsOf(cell.spec);
  const gradients = cell.parts.map(({ back }) =>
    arena.zeros(rows.length * back),
  );
  const loop: Loop = {
    ...tape.loop,
    at: {
      ...tape.loop.at,
      dy: dy.at,
      ...(second?.sums === "dp" && {
        dp: arena.floats(count * outputPanels),
      }),
    },
    strides: { ...tape.loop.strides, dy: dy.stride },
  };
  record.write({ ...loop.at, dyStride: dy.stride });
  gradients.forEach((at, part) =>
    record.write({ [fieldsOf(part).gradient]: at }),
  );
  const { f32 } = arena.memory;
  const each = (
    visit: (own: Float32Array, to: number, row: number, size: number) => void,
  ) =>
    cell.parts.forEach(({ size, back }, part) => {
      const start = (gradients[part] as number) >> 2;
      rows.forEach((row, place) =>
        visit(
          ends.parts[part] as Float32Array,
          start + place * back,
          row,
          size,
        ),
      );
    });
  each((own, at, row, size) =>
    f32.set(own.subarray(row * size, (row + 1) * size), at),
  );
  yield* loopBackward(machine, loop);
  if (trains) yield* weightGradients(cell, machine, tape, loop);
  each((own, at, row, size) =>
    own.set(f32.subarray(at, at + size), row * size),
  );
  ends.direct?.forEach((value, i) => {
    const [hidden] = ends.parts as [Float32Array];
    hidden[i] = (hidden[i] as number) + value;
  });
  if (!tape.given) learn(cell, f32, regions.gradients, ends);
  if (!needs) return null;
  const lanes = panelsOf(lanesOf(cell.spec.inputSize));
  const dx = {
    at: arena.floats(count * lanes),
    stride: lanes * 4,
    size: cell.spec.inputSize,
  };
  yield* product(
    machine,
    regions.transposed + cell.places.inputBack * 4,
    { at: loop.at.z as number, stride: z * 4, size: z },
    { ...dx, size: lanes },
    count,
    z,
  );
  return dx;
}

function* weightGradients(
  cell: Cell,
  machine: Machine,
  { x, hPrevious }: CellTape,
  { at, strides, packing: { count } }: Loop,
): Work {
  const { z, recurrent, second } = cell.plan;
  const places = cell.places;
  const { inputSize, outputSize } = cell.spec;
  const { output } = widthsOf(cell.spec);
  const rowsOf = (field: "z" | "u" | "dp") => ({
    at: at[field] as number,
    stride: strides[field] as number,
  });
  const h = { at: hPrevious, stride: output * 4, size: outputSize };
  const add = (from: Rows, k: number, da: Rows, place: number) =>
    weightGradient(machine, from, k, da, place, count);
  const sums = rowsOf("z");
  yield* add(x, lanesOf(inputSize), { ...sums, size: z }, places.input);
  yield* add(h, output, { ...sums, size: recurrent }, places.recurrent);
  if (!second) return;
  const from = second.of === "h" ? h : { ...rowsOf("u"), size: second.k };
  const da =
    second.sums === "z"
      ? { ...sums, at: sums.at + recurrent * 4 }
      : rowsOf(second.sums);
  yield* add(from, second.k, { ...da, size: second.lanes }, places.second);
}

/** Adds the gradients of all rows' first states to that of the learned one. */
function learn(
  cell: Cell,
  f32: Float32Array,
  gradients: number,
  ends: Ends,
): void {
  cell.parts.forEach(({ size }, part) => {
    const place = cell.places.states[part] as number;
    if (place < 0) return;
    const at = (gradients >> 2) + place;
    ends.parts[part]?.forEach((value, i) => {
      const to = at + (i % size);
      f32[to] = (f32[to] as number) + value;
    });
  });
}

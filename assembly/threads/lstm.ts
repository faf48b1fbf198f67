import { update } from "../general-lstm";
import { Recurrent } from "../layer";
import { updateRow } from "../lstm";
import { clearPadding, productPart } from "../product";
import { barrier, nearBarrier } from "./team";
import { Part } from "./part";

/** Gates and cells of one row's units, `m` their o ∘ tanh(c'): addresses of whole rows. */
function updatePart(
  layer: Recurrent,
  part: Part,
  z: usize,
  c: usize,
  m: usize,
): void {
  const first = part.first;
  z += first << 6;
  c += first << 4;
  m += first << 4;
  if (!layer.general) {
    updateRow(layer, z, c, m, part.quads);
    return;
  }
  let p = layer.peepholes;
  if (p) p += first * 48;
  for (let i = 0; i < part.quads << 4; i += 16) {
    update(layer, z + (i << 2), c + i, m + i, p, 0);
    if (p) p += 48;
  }
}

/** y ← W_hr m, this thread's panels, when all of m is there. */
function projectPart(layer: Recurrent, part: Part, m: usize): void {
  const rows = part.active;
  const k = layer.hiddenQuads << 2;
  const mRow: i32 = layer.hiddenQuads << 4;
  const sumRow: i32 = ((layer.outputQuads + 3) >> 2) << 6;
  const first = part.firstOutput >> 2;
  const panels = (part.outputs + 3) >> 2;
  if (!panels) return;
  const sums = m + rows * mRow + (first << 6);
  productPart(
    layer,
    layer.projection,
    first,
    m,
    mRow,
    sums,
    sumRow,
    rows,
    k,
    panels,
    0,
  );
  nearBarrier();
  for (let row = 0; row < rows; row++)
    memory.copy(
      part.y + row * part.yRow + (first << 6),
      sums + row * sumRow,
      part.outputs << 4,
    );
}

/** One step, but for the barrier at its end. False: the call was stopped. */
export function stepLstm(layer: Recurrent, part: Part): bool {
  const first = part.firstPanel;
  const cRow: i32 = layer.hiddenQuads << 4;
  const rows = part.active;
  const z = part.z + (first << 6);
  part.productOfH(layer, first, z, part.zRow, part.panels, 1);
  nearBarrier();
  const projected = layer.projection != 0;
  const m = projected ? part.scratch : part.y;
  const mRow = projected ? cRow : part.yRow;
  if (part.quads)
    for (let row = 0; row < rows; row++)
      updatePart(
        layer,
        part,
        part.z + row * part.zRow,
        part.cell + row * cRow,
        m + row * mRow,
      );
  if (!projected) return true;
  if (part.isLast(layer))
    for (let row = 0; row < rows; row++)
      clearPadding(m + row * mRow, layer.hiddenQuads, layer.hiddenTail);
  if (!barrier()) return false;
  projectPart(layer, part, m);
  return true;
}

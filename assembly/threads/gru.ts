import { mixUnits, resetUnits, updateRow } from "../gru";
import { Recurrent } from "../layer";
import { clearPadding, productPart } from "../product";
import { barrier, index, nearBarrier, partOf } from "./team";
import { Part } from "./part";

/** One step, reset after the product, but for the barrier at its end. */
export function stepAfter(layer: Recurrent, part: Part): void {
  const first = part.firstPanel;
  const hRow: i32 = layer.outputQuads << 4;
  const uRow: i32 = layer.inputPanels << 6;
  const u = part.scratch + (first << 6);
  const z = part.z + (first << 6);
  part.productOfH(layer, first, u, uRow, part.panels, 0);
  nearBarrier();
  const at: i32 = part.first << 4;
  if (part.quads)
    for (let row = 0; row < part.active; row++)
      updateRow(
        layer,
        z + row * part.zRow,
        u + row * uRow,
        part.h(row, hRow) + at,
        part.y + row * part.yRow + at,
        part.quads,
      );
}

/**
 * One step, reset before the product, but for the barrier at its end: panels hold gates of any units, so there is one
 * behind the sums of r and z, and one behind r ∘ h. False: the call was stopped.
 */
export function stepBefore(layer: Recurrent, part: Part): bool {
  const quads = layer.outputQuads;
  const k = quads << 2;
  const bytes: i32 = quads << 4;
  const gatePanels = (quads + 1) >> 1;
  const candidateAt: i32 = gatePanels << 6;
  const rows = part.active;
  const from = partOf(gatePanels, index());
  const to = partOf(gatePanels, index() + 1);
  part.productOfH(layer, from, part.z + (from << 6), part.zRow, to - from, 1);
  if (!barrier()) return false;
  const start: i32 = part.first << 4;
  const own: i32 = part.quads << 4;
  for (let row = 0; row < rows; row++) {
    const z = part.z + row * part.zRow + start;
    const reset = part.scratch + row * bytes;
    resetUnits(layer, z, part.h(row, bytes) + start, reset + start, own);
    if (part.isLast(layer)) clearPadding(reset, quads, layer.outputTail);
  }
  if (!barrier()) return false;
  const firstPanel = part.first >> 2;
  const panels = (part.quads + 3) >> 2;
  if (!panels) return true;
  productPart(
    layer,
    layer.candidate,
    firstPanel,
    part.scratch,
    bytes,
    part.z + candidateAt + (firstPanel << 6),
    part.zRow,
    rows,
    k,
    panels,
    1,
  );
  for (let row = 0; row < rows; row++) {
    const z = part.z + row * part.zRow + start;
    const h = part.h(row, bytes) + start;
    const y = part.y + row * part.yRow + start;
    mixUnits(layer, z + bytes, z + candidateAt, h, y, own);
  }
  return true;
}

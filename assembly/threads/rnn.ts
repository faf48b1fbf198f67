import { Recurrent } from "../layer";
import { activate } from "../linear";
import { Part } from "./part";
import { nearBarrier } from "./team";

/** One step, but for the barrier at its end; `own` is the layer's record, but that its outputs are this thread's. */
export function stepRnn(layer: Recurrent, own: Recurrent, part: Part): void {
  const first = part.firstPanel;
  const z = part.z + (first << 6);
  part.productOfH(layer, first, z, part.zRow, part.panels, 1);
  nearBarrier();
  const y = part.y + (part.first << 4);
  if (part.quads)
    for (let row = 0; row < part.active; row++)
      activate(own, z + row * part.zRow, y + row * part.yRow);
}

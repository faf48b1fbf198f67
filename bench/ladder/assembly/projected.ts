import { gates } from "./lanes";
import { vectorTimesPanels } from "./panels";
import { projectedFirst, Run } from "./run";

/** Rung 5 adds one product for W x of all steps: a panel stays in the first cache while all steps pass it. */
export function projected(run: Run): void {
  projectedFirst(run, project, recur, gates);
}

function project(run: Run, x: usize, z: usize): void {
  const count = run.units >> 2;
  for (let panel = 0; panel < count; panel++) {
    const w = run.w + panel * ((run.inputs + 1) << 6);
    for (let t = 0; t < run.steps; t++) {
      const xt = x + t * (run.inputs << 2);
      const zt = z + t * (run.units << 4) + (panel << 6);
      vectorTimesPanels(w, xt, zt, run.inputs, 1, false);
    }
  }
}

export function recur(run: Run, h: usize, z: usize): void {
  vectorTimesPanels(run.r, h, z, run.units, run.units >> 2, true);
}

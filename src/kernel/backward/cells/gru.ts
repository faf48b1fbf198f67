import { gruKind } from "../../cells/gru.js";
import { panelsOf } from "../arena.js";
import { type TrainedKind, widthsOf } from "./kind.js";

const CANDIDATE = 2;

/**
 * z: [ r | z | pad ][ n | pad ]. The candidate's rows of U are apart: `u` keeps U_n h + c_n and then its gradient, or, with
 * the reset before, r ∘ h.
 */
export const trainedGru: TrainedKind = {
  kind: gruKind,
  plan(spec) {
    const { hidden, hiddenPanels, output } = widthsOf(spec);
    const { resetBefore, replace } = spec;
    const gates = panelsOf(CANDIDATE * hidden);
    return {
      z: gates + hiddenPanels,
      recurrent: gates,
      gates: [0, hidden, gates],
      second: {
        lanes: hiddenPanels,
        k: output,
        gate: CANDIDATE,
        biased: !resetBefore,
        of: resetBefore ? "u" : "h",
        sums: resetBefore ? "z" : "u",
      },
      flags: { replace, resetAfter: !resetBefore },
    };
  },
};

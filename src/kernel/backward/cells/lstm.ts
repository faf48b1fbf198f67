import { lstmKind } from "../../cells/lstm.js";
import { type TrainedKind, widthsOf } from "./kind.js";

/** z: [ i | f | g | o ]. A projection multiplies o ∘ h(c), which `u` keeps. */
export const trainedLstm: TrainedKind = {
  kind: lstmKind,
  plan(spec) {
    const { hidden, outputPanels } = widthsOf(spec);
    const { coupled, hiddenSize, outputSize } = spec;
    const z = lstmKind.gates.length * hidden;
    return {
      z,
      recurrent: z,
      gates: lstmKind.gates.map((_, gate) => gate * hidden),
      second:
        outputSize === hiddenSize
          ? null
          : {
              lanes: outputPanels,
              k: hidden,
              gate: null,
              biased: false,
              of: "u",
              sums: "dp",
            },
      flags: { coupled },
    };
  },
};

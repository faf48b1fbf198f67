import { rnnKind } from "../../cells/rnn.js";
import { type TrainedKind, widthsOf } from "./kind.js";

/** z: [ a ] */
export const trainedRnn: TrainedKind = {
  kind: rnnKind,
  plan(spec) {
    const { hiddenPanels: z } = widthsOf(spec);
    return { z, recurrent: z, gates: [0], second: null, flags: {} };
  },
};

/** Decodes a model's outputs into labels and tokens: CTC, beam search, greedy and sampled sequences. @module */

export {
  beamSearch,
  type BeamSearchOptions,
  type Hypothesis,
} from "./beam-search.js";
export type { CtcOptions, Span } from "./ctc.js";
export { ctcAlign, type CtcAlignment } from "./ctc-align.js";
export {
  ctcBeam,
  type CtcBeamOptions,
  type CtcLabelling,
  type Scorer,
} from "./ctc-beam.js";
export { ctcGreedy, type CtcPath } from "./ctc-greedy.js";
export {
  greedy,
  type GreedyOptions,
  sample,
  type SampleOptions,
  type ScoredToken,
  type Tokens,
} from "./sampled.js";
export type { TokenStream } from "./token-stream.js";

export { activate, linear } from "./linear";
export { rnn } from "./rnn";
export { lstm } from "./lstm";
export { gru } from "./gru";
export { general } from "./general";

/** Which of the two binaries this is: 1 in the relaxed one. */
export const relaxed: i32 = ASC_FEATURE_RELAXED_SIMD;

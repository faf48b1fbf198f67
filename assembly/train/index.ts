export { productF32 as product } from "../product-f32";
export { add, bend, unbend } from "./elements";
export { backward, forward } from "./passes";
export { weightGradient } from "./weight-gradient";

/** Which of the two binaries this is: 1 in the relaxed one. */
export const relaxed: i32 = ASC_FEATURE_RELAXED_SIMD;

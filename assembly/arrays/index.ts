/* What graphs compute of arrays that lie outside of the kernel: a binary of their own, which gatewise/onnx and the like bring. */
export { pad } from "./pad";
export { planes } from "./planes";
export { pointwise } from "./pointwise";
export { rows } from "./rows";

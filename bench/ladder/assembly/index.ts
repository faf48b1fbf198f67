export { naive } from "./naive";
export { dots } from "./dots";
export { panels } from "./panels";
export { lanes } from "./lanes";
export { projected } from "./projected";
export { tiles2x8, tiles2x16 } from "./tiles";
export { pairs } from "./pairs";
export { batched } from "./batched";
export { passes } from "./passes";

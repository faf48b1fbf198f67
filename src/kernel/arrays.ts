/* The door for graphs, which reach it through src/layers/arrays.ts. */
export { Arrays } from "./arrays/arrays.js";
export {
  type CombinedRow,
  Planes,
  type PlanesFill,
  type PlanesFolds,
  type PlanesPass,
  type PlanesResult,
  type PlanesSpec,
} from "./arrays/planes.js";
export {
  type Operand,
  Pointwise,
  type PointwiseName,
} from "./arrays/pointwise.js";

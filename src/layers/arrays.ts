/* What graphs compute of their arrays on the kernel. No part of the public surface: only graphs bring it. */
export {
  Arrays,
  type CombinedRow,
  type Operand,
  Planes,
  type PlanesFill,
  type PlanesFolds,
  type PlanesPass,
  type PlanesResult,
  type PlanesSpec,
  Pointwise,
  type PointwiseName,
} from "../kernel/arrays.js";

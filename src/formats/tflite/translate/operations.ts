/*
 * All operators that can be read, by their names in the schema.
 */
import { blocks } from "./blocks.js";
import type { Translate } from "./call.js";
import { control } from "./control.js";
import { convolutions } from "./convolution.js";
import { elementwise } from "./elementwise.js";
import { exactly } from "./integers.js";
import { padding } from "./padding.js";
import { parts } from "./parts.js";
import { products } from "./products.js";
import { reducing } from "./reducing.js";
import { sequences } from "./sequences.js";
import { shaping } from "./shaping.js";
import { slices } from "./slices.js";

export const OPERATORS: ReadonlyMap<string, Translate> = new Map(
  [
    blocks,
    control,
    convolutions,
    elementwise,
    padding,
    parts,
    products,
    reducing,
    sequences,
    shaping,
    slices,
  ].flatMap((family) =>
    Object.entries(family).map(
      ([name, translate]) => [name, exactly(name, translate)] as const,
    ),
  ),
);

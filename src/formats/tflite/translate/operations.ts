/*
 * All operators that are read, by their names in the schema.
 */
import type { Translate } from "./call.js";
import { control } from "./control.js";
import { convolutions } from "./convolution.js";
import { elementwise } from "./elementwise.js";
import { exactly } from "./integers.js";
import { products } from "./products.js";
import { reducing } from "./reducing.js";
import { sequences } from "./sequences.js";
import { shaping } from "./shaping.js";

export const OPERATORS: ReadonlyMap<string, Translate> = new Map(
  [
    control,
    convolutions,
    elementwise,
    products,
    reducing,
    sequences,
    shaping,
  ].flatMap((family) =>
    Object.entries(family).map(
      ([name, translate]) => [name, exactly(name, translate)] as const,
    ),
  ),
);

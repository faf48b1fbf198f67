/*
 * Sums of products over named axes: "bij,bjk->bik".
 */
import { message, shapeText } from "../../checks.js";
import { sizeOf } from "../../tensor.js";
import { offsets, stridesOf } from "../strides.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import { checkExact, type Value } from "../value.js";

interface Equation {
  /** Letters; "..." is one of them until the ranks are known. */
  readonly terms: readonly (readonly string[])[];
  /** Null: those that occur once, in the order of the alphabet. */
  readonly result: readonly string[] | null;
}

function parse(node: Node): Equation {
  const text = node.string("equation", "").replaceAll(" ", "");
  const [left = "", right, ...more] = text.split("->");
  const terms = left.split(",").map(letters);
  const result = right === undefined ? null : letters(right);
  const known = [...terms, result ?? []].every((term) => term !== null);
  if (more.length || !known || terms.length !== node.inputCount)
    throw node.error(
      `expected an equation of ${node.inputCount} terms, got ${JSON.stringify(text)}`,
    );
  return { terms: terms as string[][], result };
}

/** Null where the term has anything else in it. */
function letters(term: string): string[] | null {
  const list = term.match(/\.\.\.|[A-Za-z]/g) ?? [];
  return list.join("") === term ? list : null;
}

const einsum: Compile = (node) => {
  node.expectInputs(1, Infinity);
  const equation = parse(node);
  return {
    prepare(inputs) {
      const values = inputs as readonly Value[];
      const { dtype } = values[0] as Value;
      for (const value of values)
        if (value.dtype !== dtype || dtype === "bool")
          throw new TypeError(
            message(node.place, `numbers of ${dtype}`, value.dtype),
          );
      const terms = values.map(({ shape }, i) =>
        named(node, equation.terms[i] as string[], shape.length),
      );
      const sizes = sizesOf(node, terms, values);
      const counts = new Map<string, number>();
      for (const letter of terms.flat())
        counts.set(letter, (counts.get(letter) ?? 0) + 1);
      const dots = [...sizes.keys()].filter((name) => name.startsWith("."));
      dots.sort();
      const result = equation.result
        ? equation.result.flatMap((name) => (name === "..." ? dots : [name]))
        : [
            ...dots,
            ...[...counts]
              .filter(([name, n]) => n === 1 && !name.startsWith("."))
              .map(([name]) => name)
              .sort(),
          ];
      const missing = result.find((name) => !sizes.has(name));
      if (missing !== undefined || new Set(result).size < result.length)
        throw new RangeError(
          message(
            node.place,
            "results of axes that terms have, once each",
            result.join(""),
          ),
        );
      const summed = [...sizes.keys()].filter((name) => !result.includes(name));
      const shapeOf = (names: readonly string[]) =>
        names.map((name) => sizes.get(name) as number);
      const y = node.value(dtype, shapeOf(result));
      const count = sizeOf(shapeOf(summed));
      const total = y.data.length ? count : 0;
      node.room("float32", shapeOf(summed));
      const places = values.map(({ shape }, i) => {
        const steps = stepsOf(terms[i] as string[], shape);
        const along = (names: readonly string[], length: number) =>
          offsets(
            shapeOf(names),
            names.map((name) => steps.get(name) ?? 0),
            length,
          );
        return {
          outer: along(result, y.data.length),
          inner: along(summed, total),
        };
      });
      return {
        outputs: [y],
        work: y.data.length * total * values.length,
        run(given) {
          for (let o = 0; o < y.data.length; o++) {
            let sum = 0;
            for (let s = 0; s < total; s++) {
              let product = 1;
              for (let i = 0; i < places.length; i++) {
                const { outer, inner } = places[i] as (typeof places)[0];
                const at = (outer[o] as number) + (inner[s] as number);
                product *= (given[i] as Value).data[at] as number;
              }
              sum += product;
            }
            y.data[o] = sum;
          }
          checkExact(y, node.place);
        },
      };
    },
  };
};

/** The term's axes by names, those of "..." being ".0", ".1" from the last on. */
function named(node: Node, term: readonly string[], rank: number): string[] {
  const dots = term.includes("...") ? rank - (term.length - 1) : 0;
  const axes = term.flatMap((name) =>
    name === "..."
      ? Array.from(
          { length: Math.max(dots, 0) },
          (_, i) => `.${String.fromCharCode(96 - dots + i)}`,
        )
      : [name],
  );
  if (axes.length === rank) return axes;
  throw new RangeError(
    message(node.place, `${term.join("")} for an input`, `${rank} axes`),
  );
}

function sizesOf(
  node: Node,
  terms: readonly (readonly string[])[],
  values: readonly Value[],
): Map<string, number> {
  const sizes = new Map<string, number>();
  terms.forEach((term, i) =>
    term.forEach((name, axis) => {
      const { shape } = values[i] as Value;
      const size = shape[axis] as number;
      const known = sizes.get(name) ?? 1;
      if (known !== 1 && size !== 1 && known !== size)
        throw new RangeError(
          message(
            node.place,
            `${name} of size ${known} everywhere`,
            shapeText(shape),
          ),
        );
      // a size of 0 is one that 1 stretches to
      sizes.set(name, known === 1 ? size : known);
    }),
  );
  return sizes;
}

/** How far each named axis goes; an axis that is named twice is a diagonal, one of size 1 is stretched. */
function stepsOf(
  term: readonly string[],
  shape: readonly number[],
): Map<string, number> {
  const strides = stridesOf(shape);
  const steps = new Map<string, number>();
  term.forEach((name, axis) => {
    const step = shape[axis] === 1 ? 0 : (strides[axis] as number);
    steps.set(name, (steps.get(name) ?? 0) + step);
  });
  return steps;
}

export const einsums = (): Family => ({
  operations: { Einsum: einsum },
});

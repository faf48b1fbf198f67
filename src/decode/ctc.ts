/*
 * Connectionist temporal classification (Graves et al. 2006). A path has a label or the blank at every step; with repeats
 * merged and blanks dropped it yields a labelling. The probability of a labelling is the sum over its paths.
 */
import {
  boolean,
  message,
  nonNegativeInteger,
  record,
  shapeText,
} from "../checks.js";
import { asTensor, type TensorLike } from "../tensor.js";
import { logSoftmax } from "./log.js";

/** Options of all CTC decoders. */
export interface CtcOptions {
  /** The class for no label; 0 by default, as in torch.nn.CTCLoss. */
  blank?: number;
  /** Whether the input is probabilities that add up to 1 at each step; false, logits or log-probabilities, by default. */
  probabilities?: boolean;
}

/** The steps of a label, from `start` up to but not including `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** log-probabilities [T, C], float64. */
export interface CtcSteps {
  readonly rows: readonly Float64Array[];
  readonly classes: number;
  readonly blank: number;
}

const CTC = { blank: 0, probabilities: 0 } satisfies Record<
  keyof CtcOptions,
  0
>;

/** What was given, [T, C], once it has been looked at. */
export interface CtcInput {
  readonly data: Float32Array; // (T, C)
  readonly steps: number;
  readonly classes: number;
  readonly blank: number;
  readonly probabilities: boolean;
}

/** @param known the names of the decoder's own options */
export function checkCtc(
  input: TensorLike,
  options: CtcOptions,
  known: object = {},
): CtcSteps {
  const own = checkInput(input, options, known);
  const { data, steps, classes, blank } = own;
  const logits = own.probabilities ? data.map(Math.log) : data;
  const rows = Array.from({ length: steps }, (_, t) =>
    logSoftmax(logits.subarray(t * classes, (t + 1) * classes), `logits[${t}]`),
  );
  return { rows, classes, blank };
}

/** @param known the names of the decoder's own options */
export function checkInput(
  input: TensorLike,
  options: CtcOptions,
  known: object = {},
): CtcInput {
  const { shape, data } = asTensor(input, "logits");
  const [steps = 0, classes = 0] = shape;
  if (shape.length !== 2 || !steps || !classes)
    throw new RangeError(message("logits", "[T, C]", shapeText(shape)));
  record(options, "options", { ...CTC, ...known });
  const blank = nonNegativeInteger(options.blank ?? 0, "blank");
  if (blank >= classes) {
    const expected = `a class from 0 to ${classes - 1}`;
    throw new RangeError(message("blank", expected, `${blank}`));
  }
  const given = options.probabilities ?? false;
  const probabilities = boolean(given, "probabilities");
  return { data, steps, classes, blank, probabilities };
}

/** A label: a class other than the blank. */
export function checkLabel(
  label: unknown,
  { classes, blank }: CtcSteps,
  name: string,
): number {
  const value = nonNegativeInteger(label, name);
  if (value < classes && value !== blank) return value;
  const expected = `a label from 0 to ${classes - 1} other than the blank, ${blank}`;
  throw new RangeError(message(name, expected, `${value}`));
}

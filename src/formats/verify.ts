/*
 * Compares a model with the outputs of its original framework.
 */
import { equalShapes, message, record, shapeText, wrong } from "../checks.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";

/** A Sequential or one layer, or a Graph. */
export type Verifiable =
  | {
      forward(input: never, options?: never): { readonly output: Tensor };
    }
  | { run(inputs: never): Readonly<Record<string, Tensor>> };

/** An input and the expected output of a model or layer. Further fields are options of `forward`: state, lengths. */
export interface ChainCase {
  readonly input: TensorLike;
  readonly output: TensorLike;
  readonly [option: string]: unknown;
}

/** The inputs and expected outputs of a Graph, by name; other outputs are not compared. */
export interface GraphCase {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, TensorLike>>;
}

/** A test case for `verify`. */
export type Case = ChainCase | GraphCase;

/** Options of `verify`. */
export interface VerifyOptions {
  /** The largest |got - expected| that still passes; 1e-5 by default. */
  tolerance?: number;
}

/** One output over all cases. */
export interface VerifiedOutput {
  /** "output" for a chain. */
  readonly name: string;
  /** How many numbers were compared. */
  readonly numbers: number;
  /** The largest |got - expected|; Infinity if only one is NaN, or they are different infinities. */
  readonly error: number;
  /** Where that was; null if there were no numbers. */
  readonly worst: {
    readonly case: number;
    readonly index: readonly number[];
    readonly expected: number;
    readonly got: number;
  } | null;
}

/** The result of `verify`. `toString` formats it as a table. */
export interface Verified {
  readonly tolerance: number;
  readonly cases: number;
  readonly outputs: readonly VerifiedOutput[];
}

/**
 * Runs the model on every case and compares its outputs with the expected ones.
 *
 * @returns the largest error of each output, and where it is
 * @throws RangeError with a table of the errors if one exceeds the tolerance; RangeError if an output is missing or has
 *   another shape; TypeError, RangeError for the arguments
 */
export function verify(
  model: Verifiable,
  cases: readonly Case[],
  options: VerifyOptions = {},
): Verified {
  checkModel(model);
  const { tolerance = 1e-5 } = record(options, "options", { tolerance: 0 });
  if (typeof tolerance !== "number" || !(tolerance >= 0)) {
    const isNumber = typeof tolerance === "number";
    throw wrong(isNumber, "tolerance", "a number of at least 0", tolerance);
  }
  if (!Array.isArray(cases) || !cases.length)
    throw wrong(Array.isArray(cases), "cases", "at least one case", cases);
  const found = new Map<string, VerifiedOutput>();
  cases.forEach((given: Case, index) => {
    const place = `cases[${index}]`;
    const [got, wanted] = run(model, given, place);
    for (const [name, value] of Object.entries(wanted)) {
      const at = `${place}, ${JSON.stringify(name)}`;
      const expected = asTensor(value, at);
      const output = Object.hasOwn(got, name) ? got[name] : undefined;
      if (!output || !equalShapes(output.shape, expected.shape)) {
        const shape = output ? shapeText(output.shape) : "no such output";
        throw new RangeError(message(at, shapeText(expected.shape), shape));
      }
      const error = compare(name, index, expected, output.data);
      found.set(name, joined(found.get(name), error));
    }
  });
  const fields = {
    tolerance,
    cases: cases.length,
    outputs: [...found.values()],
  };
  const result: Verified = Object.defineProperty(fields, "toString", {
    // not enumerable, so that it remains plain data, like a report
    value: () => table(fields),
  });
  if (result.outputs.every(({ error }) => error <= tolerance)) return result;
  const problem = message("verify", `errors of at most ${tolerance}`, "more");
  throw new RangeError(`${problem}\n${table(result)}`);
}

function checkModel(model: unknown): void {
  const methods = Object(model) as { forward?: unknown; run?: unknown };
  if (typeof (methods.forward ?? methods.run) !== "function")
    throw wrong(false, "model", "a model or layer", model);
}

type Outputs<T> = Readonly<Record<string, T>>;

/** The outputs of the model, and those expected. */
function run(
  model: Verifiable,
  given: Case,
  place: string,
): [Outputs<Tensor>, Outputs<TensorLike>] {
  const fields = record(given, place);
  const byNames = "run" in model && "inputs" in fields;
  if ("forward" in model && !byNames) {
    const { input, output, ...options } = fields;
    if (output === undefined)
      throw wrong(false, `${place}.output`, "a tensor", output);
    const result = model.forward(input as never, options as never);
    return [{ output: result.output }, { output: output as TensorLike }];
  }
  const outputs = record(fields["outputs"], `${place}.outputs`);
  // otherwise a case without outputs would always pass
  if (!Object.keys(outputs).length)
    throw wrong(true, `${place}.outputs`, "at least one output", outputs);
  const { run } = model as Extract<Verifiable, { run: unknown }>;
  const got = run.call(model, fields["inputs"] as never);
  return [got, outputs as Outputs<TensorLike>];
}

function compare(
  name: string,
  index: number,
  { shape, data }: Tensor,
  got: ArrayLike<number>,
): VerifiedOutput {
  let error = 0;
  let worst = 0;
  for (let i = 0; i < data.length; i++) {
    const own = difference(data[i] as number, got[i] as number);
    if (own <= error) continue;
    error = own;
    worst = i;
  }
  const at = {
    case: index,
    index: indexOf(worst, shape),
    expected: data[worst] as number,
    got: got[worst] as number,
  };
  const numbers = data.length;
  return { name, numbers, error, worst: numbers ? at : null };
}

/** 0 if equal, for which NaN equals NaN; never NaN. */
function difference(expected: number, got: number): number {
  if (Object.is(expected, got) || expected === got) return 0;
  const error = Math.abs(expected - got);
  return Number.isNaN(error) ? Infinity : error;
}

/** The index of element `at` in row-major order. */
function indexOf(at: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (const length of [...shape].reverse()) {
    index.unshift(at % length);
    at = Math.floor(at / length);
  }
  return index;
}

function joined(
  before: VerifiedOutput | undefined,
  after: VerifiedOutput,
): VerifiedOutput {
  if (!before) return after;
  const { worst, error } =
    before.worst && before.error >= after.error ? before : after;
  return { ...after, numbers: before.numbers + after.numbers, error, worst };
}

const HEADER = ["output", "numbers", "error", "where", "expected", "got", ""];

function table({ tolerance, cases, outputs }: Verified): string {
  const rows = outputs.map(({ name, numbers, error, worst }) => [
    name,
    `${numbers}`,
    error.toPrecision(2),
    ...(worst
      ? [
          `case ${worst.case} ${shapeText(worst.index)}`,
          `${worst.expected}`,
          `${worst.got}`,
        ]
      : ["", "", ""]),
    error <= tolerance ? "" : "too large",
  ]);
  const widths = new Map<number, number>();
  for (const row of [HEADER, ...rows])
    for (const [column, { length }] of row.entries())
      widths.set(column, Math.max(widths.get(column) ?? 0, length));
  const lines = [HEADER, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths.get(column) as number))
      .join("  ")
      .trimEnd(),
  );
  const of = `${cases} case${cases === 1 ? "" : "s"}`;
  return [...lines, `${of}, tolerance ${tolerance}`].join("\n");
}

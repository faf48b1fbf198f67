/*
 * The checks that all layers share. Each returns the checked value, or throws a TypeError for the wrong kind of value
 * and a RangeError for the wrong size or value. No string is built unless a check fails: some of these run at every
 * step of a stream.
 */

/** `name: expected …, got …`, the form of every message of this library. */
export function message(name: string, expected: string, got: string): string {
  return `${name}: expected ${expected}, got ${got}`;
}

/** "1 number", "2 numbers". */
export const counted = (count: number, unit: string): string =>
  `${count} ${unit}${count === 1 ? "" : "s"}`;

/** An integer of at least 1. */
export function positiveInteger(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && (value as number) > 0)
    return value as number;
  throw wrong(typeof value === "number", name, "a positive integer", value);
}

/** An integer of at least 0. */
export function nonNegativeInteger(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0)
    return value as number;
  throw wrong(
    typeof value === "number",
    name,
    "an integer of at least 0",
    value,
  );
}

/** One of the strings in `list`. */
export function oneOf<T extends string>(
  value: unknown,
  name: string,
  list: readonly T[],
): T {
  if (list.includes(value as T)) return value as T;
  const words = list.map((word) => JSON.stringify(word));
  const last = words.pop();
  const expected = words.length > 0 ? `${words.join(", ")} or ${last}` : last;
  throw wrong(typeof value === "string", name, `${expected}`, value);
}

/** true or false. */
export function boolean(value: unknown, name: string): boolean {
  if (typeof value === "boolean") return value;
  throw wrong(false, name, "true or false", value);
}

/** A plain object: not an array, a Map or null. With `known`, it may have no other keys than that has. */
export function record(
  value: unknown,
  name: string,
  known?: object,
): Record<string, unknown> {
  if (!isRecord(value)) throw wrong(false, name, "an object", value);
  if (known) knownKeys(value, known, name);
  return value;
}

/**
 * Returns `known` after checking that `given` has no other keys: a misspelt option must not be silently ignored.
 * Undefined values count as absent.
 */
export function knownKeys<T extends object>(
  given: object,
  known: T,
  name = "options",
): T {
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || Object.hasOwn(known, key)) continue;
    const names = Object.keys(known).join(", ");
    throw new RangeError(message(name, `only ${names}`, JSON.stringify(key)));
  }
  return known;
}

/** The names that PyTorch, Keras and others use for options, in camel case, and what to write instead. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  batchFirst: "inputs as [B, T, I], or forward(x, { batchFirst: false })",
  bidirectional: 'direction: "bidirectional"',
  goBackwards: 'direction: "reverse"',
  dropout: "none: dropout is an option of training, in gatewise/train",
  units: "hiddenSize, or outputSize of a Linear",
  inputShape: "inputSize",
  returnState: "the state, which forward always returns",
  useBias: "bias",
  inFeatures: "inputSize",
  inChannels: "inputSize",
  outFeatures: "outputSize",
  outChannels: "outputSize",
  filters: "outputSize",
  numEmbeddings: "vocabSize",
  inputDim: "inputSize, or vocabSize of an Embedding",
  embeddingDim: "size",
  outputDim: "size of an Embedding, or outputSize",
  eps: "epsilon",
};

/** Our own names, which other frameworks write with underscores. */
const OWN_NAMES =
  /^(hiddenSize|inputSize|kernelSize|maskZero|numLayers|projSize|resetAfter|returnSequences)$/;

/**
 * Refuses options under the names of other frameworks and suggests ours. Called first: otherwise the error would be
 * about the option that is missing under our name.
 *
 * @throws RangeError
 */
export function refuseForeignNames(
  given: Readonly<Record<string, unknown>>,
): void {
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const name = key.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
    const underscored = name !== key && OWN_NAMES.test(name);
    if (!underscored && !Object.hasOwn(FOREIGN_NAMES, name)) continue;
    const ours = FOREIGN_NAMES[name] ?? name;
    const got = `${JSON.stringify(key)}; did you mean ${ours}?`;
    throw new RangeError(message("options", "gatewise's names", got));
  }
}

/** A tensor of exactly the shape `expected`. */
export function sameShape<T extends { readonly shape: readonly number[] }>(
  tensor: T,
  expected: readonly number[],
  name: string,
): T {
  if (equalShapes(tensor.shape, expected)) return tensor;
  throw new RangeError(
    message(name, shapeText(expected), shapeText(tensor.shape)),
  );
}

export function equalShapes(
  a: readonly number[],
  b: readonly number[],
): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++)
    if (a[axis] !== b[axis]) return false;
  return true;
}

/** True for objects with named entries, of this realm or another; not for arrays, Maps and the like. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** Arrays, typed arrays of numbers (not of bigints), and plain objects that are array-like. */
export function isList(value: unknown): value is ArrayLike<number> {
  if (Array.isArray(value)) return true;
  const typed = typedArrayName.call(value);
  if (typed !== undefined) return !typed.startsWith("Big");
  return (
    isRecord(value) &&
    Number.isSafeInteger(value["length"]) &&
    (value["length"] as number) >= 0
  );
}

/** True for a Float32Array of this realm or another (a worker's, a frame's, a test runner's). */
export function isFloat32Array(value: unknown): value is Float32Array {
  return typedArrayName.call(value) === "Float32Array";
}

/**
 * `"Float32Array"` for such an array, undefined for anything but a typed array. Called as `typedArrayName.call(value)`.
 *
 * This is the getter that all typed arrays share. Unlike instanceof it recognises those of other realms; unlike
 * Object.prototype.toString it cannot be deceived and allocates nothing.
 */
export const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Float32Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** A shape in messages: `[10, 5]`. Entries that are arrays or objects are abbreviated, since String would recurse into them. */
export function shapeText(shape: readonly unknown[]): string {
  const entryText = (entry: unknown): string => {
    if (Array.isArray(entry)) return "[…]";
    return typeof entry === "object" && entry !== null ? "{…}" : String(entry);
  };
  return `[${shape.map(entryText).join(", ")}]`;
}

/** A short description of a value: `[10, 5]` for a tensor, `"abc"`, `NaN`, `null`, `a Float32Array of length 4`. */
export function describe(value: unknown): string {
  if (typeof value === "string")
    return value.length <= 40
      ? JSON.stringify(value)
      : `a string of ${value.length} characters`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol" || typeof value === "function")
    return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if ("shape" in value && "data" in value && Array.isArray(value.shape))
    return shapeText(value.shape);
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind === "Object") return "an object";
  const article = /^[AEIO]/.test(kind) ? "an" : "a";
  const length = ArrayBuffer.isView(value) && "length" in value;
  return `${article} ${kind}${length ? ` of length ${value.length}` : ""}`;
}

/** The error for `value`: a RangeError if it is of the right kind, else a TypeError. */
export function wrong(
  rightKind: boolean,
  name: string,
  expected: string,
  value: unknown,
): TypeError | RangeError {
  const text = message(name, expected, describe(value));
  return rightKind ? new RangeError(text) : new TypeError(text);
}

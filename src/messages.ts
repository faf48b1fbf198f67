/*
 * What is sent between threads in gatewise/worker and gatewise/worklet: models as bytes, errors as plain objects.
 */
import { typedArrayName, wrong } from "./checks.js";
import { FormatError } from "./errors.js";

/** A model, or the bytes that its `save` wrote. */
export type ModelSource = { save(): Uint8Array } | Uint8Array | ArrayBuffer;

/** The model's bytes; bytes that are given are not copied. */
export function modelBytes(model: unknown): Uint8Array {
  if (typedArrayName.call(model) === "Uint8Array") return model as Uint8Array;
  if (Object.prototype.toString.call(model) === "[object ArrayBuffer]")
    return new Uint8Array(model as ArrayBuffer);
  if (typeof model === "object" && model !== null && "save" in model)
    return (model as { save(): Uint8Array }).save();
  throw wrong(
    false,
    "model",
    "a Sequential, a Graph or the bytes that one saved",
    model,
  );
}

/** An error sent between threads: structured cloning would turn a FormatError into a plain Error. */
export interface PackedError {
  name: string;
  message: string;
  stack: string | undefined;
}

const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  TypeError,
  RangeError,
  FormatError,
  Error,
};

export function packError(error: unknown): PackedError {
  if (!isErrorLike(error))
    return { name: "Error", message: String(error), stack: undefined };
  const { name, message, stack } = error;
  return { name, message, stack };
}

/** The error again, of its own class if the library has it, with the stack of the thread where it was thrown. */
export function unpackError({ name, message, stack }: PackedError): Error {
  const Class = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  const error = Class ? new Class(message) : new Error(message);
  if (error.name !== name)
    Object.defineProperty(error, "name", { value: name, configurable: true });
  if (stack !== undefined)
    Object.defineProperty(error, "stack", {
      value: stack,
      configurable: true,
      writable: true,
    });
  return error;
}

function isErrorLike(value: unknown): value is Error {
  return typeof value === "object" && value !== null && "message" in value;
}

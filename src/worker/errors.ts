import { FormatError } from "../errors.js";

/** An error on its way between threads: structured cloning would make a plain Error of a FormatError. */
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

/** The error again, of its own class where the library has it, with the stack of the thread where it was thrown. */
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

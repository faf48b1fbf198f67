import {
  boolean,
  isFloat32Array,
  isList,
  message,
  positiveInteger,
  wrong,
} from "../checks.js";

/**
 * Predicts the next token: a Stream of a layer or model, or an object of your own, such as the decoder of an
 * encoder-decoder model that holds the encoder's outputs.
 */
export interface TokenStream {
  /** [token], or the token one-hot, → a logit or probability for each possible next token. */
  step(frame: ArrayLike<number>): ArrayLike<number>;
  /** An independent copy. */
  fork(): TokenStream;
  dispose?(): void;
  /** Whether a frame is [token]; true by default. If false, it is one-hot with `inputSize` numbers. */
  readonly takesTokens?: boolean;
  readonly inputSize?: number;
  readonly outputSize?: number;
  /** Whether `step` returns probabilities; false, logits or log-probabilities, by default. */
  readonly probabilities?: boolean;
}

/** @throws TypeError unless it is a stream, RangeError if its outputs cannot be its next inputs */
export function checkStream(stream: unknown): asserts stream is TokenStream {
  const given = stream as Partial<TokenStream> | null | undefined;
  if (typeof given?.step !== "function" || typeof given.fork !== "function")
    throw wrong(false, "stream", "a stream with step and fork", stream);
  const tokens = boolean(given.takesTokens ?? true, "stream.takesTokens");
  boolean(given.probabilities ?? false, "stream.probabilities");
  if (tokens) return;
  const inputs = positiveInteger(given.inputSize, "stream.inputSize");
  const outputs = given.outputSize ?? inputs;
  if (outputs !== inputs) {
    const expected = `as many outputs as inputs, ${inputs}`;
    throw new RangeError(message("stream", expected, `${outputs}`));
  }
}

/** The name of a stream's outputs in messages. */
export const OUTPUTS = "stream.step(…)";

/** Feeds `token` to the stream, and returns the logits of its successors, valid until the next step. */
export function successors(
  stream: TokenStream,
  token: number,
): Float32Array | Float64Array {
  const { takesTokens = true, inputSize = 1 } = stream;
  let frame = Float32Array.of(token);
  if (!takesTokens) {
    checkTokenBelow(token, "start", inputSize);
    frame = new Float32Array(inputSize);
    frame[token] = 1;
  }
  const given: unknown = stream.step(frame);
  if (!isList(given) || !given.length)
    throw wrong(isList(given), OUTPUTS, "a number for each token", given);
  const outputs = isFloat32Array(given) ? given : Float64Array.from(given);
  return stream.probabilities ? outputs.map(Math.log) : outputs;
}

/** For when the number of outputs of a stream is known. */
export function checkTokenBelow(
  token: number | undefined,
  name: string,
  size: number,
): void {
  if (token === undefined || token < size) return;
  throw new RangeError(
    message(name, `a token from 0 to ${size - 1}`, `${token}`),
  );
}

import {
  boolean,
  isFloat32Array,
  isList,
  message,
  positiveInteger,
  wrong,
} from "../checks.js";

/**
 * What gives a token's successors: a Stream of a layer or model, or an object of your own, such as the decoder of an
 * encoder-decoder with the encoder's outputs in it.
 */
export interface TokenStream {
  /** [token] → a logit or probability for each token there is; of a Stream that takes no tokens the token one-hot. */
  step(frame: ArrayLike<number>): ArrayLike<number>;
  /** An independent copy from here on. */
  fork(): TokenStream;
  dispose?(): void;
  /** Whether a frame is [token]; true by default. Where it is false, `inputSize` tokens are fed one-hot. */
  readonly takesTokens?: boolean;
  readonly inputSize?: number;
  readonly outputSize?: number;
  /** Whether `step` gives probabilities; false by default: logits, or log-probabilities. */
  readonly probabilities?: boolean;
}

/** @throws TypeError for what is no stream, RangeError for one whose outputs cannot be its next inputs */
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

/** A stream's outputs in messages. */
export const OUTPUTS = "stream.step(…)";

/** The logits of the tokens that come behind `token`, valid until the stream's next step; it has then read the token. */
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

/** Of a stream whose outputs are known by then. */
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

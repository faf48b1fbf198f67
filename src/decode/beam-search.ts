import {
  nonNegativeInteger,
  positiveInteger,
  record,
  wrong,
} from "../checks.js";
import { Best } from "./best.js";
import { logSoftmax } from "./log.js";
import {
  checkStream,
  checkTokenBelow,
  OUTPUTS,
  successors,
  type TokenStream,
} from "./token-stream.js";

/** Options of `beamSearch`. */
export interface BeamSearchOptions {
  /** The token that starts the sequence, which the stream has not read yet; not part of the result. */
  start: number;
  /** The token that ends a sequence; not part of the result, but its probability counts. */
  stop: number;
  /** How many sequences are kept at each step; 4 by default. 1 always picks the likeliest token. */
  beams?: number;
  /** The maximum number of tokens of a sequence, including `stop`; 100 by default. */
  steps?: number;
  /**
   * α: scores are log-probabilities divided by lengthᵅ, where the length includes `stop`. 0, the default, leaves them
   * unchanged; values above 0 favour longer sequences, and 1 gives the mean per token.
   */
  lengthPenalty?: number;
}

/** A sequence of tokens. */
export interface Hypothesis {
  /** Without start and stop. */
  tokens: number[];
  /** Its log-probability divided by lengthᵅ, including that of `stop` if it ended with it. */
  score: number;
  /** Whether it ended with `stop`, and not because of the number of steps. */
  finished: boolean;
}

const BEAM_SEARCH = {
  start: 0,
  stop: 0,
  beams: 0,
  steps: 0,
  lengthPenalty: 0,
} satisfies Record<keyof BeamSearchOptions, 0>;

/** A sequence that has not ended. */
interface Beam {
  readonly stream: TokenStream;
  readonly tokens: readonly number[];
  readonly sum: number;
}

/** A beam with one more token. */
interface Candidate {
  readonly beam: Beam;
  readonly token: number;
  readonly sum: number;
}

/**
 * The likeliest sequences, best first, at most `beams` of them: at each step, only the `beams` likeliest continuations
 * are kept. It is exact with as many beams as there are sequences.
 *
 * @param stream is not changed: forks of it run
 * @throws TypeError, RangeError that name the option; RangeError for outputs that are NaN or Infinity
 */
export function beamSearch(
  stream: TokenStream,
  options: BeamSearchOptions,
): Hypothesis[] {
  checkStream(stream);
  record(options, "options", BEAM_SEARCH);
  const start = nonNegativeInteger(options.start, "start");
  const stop = nonNegativeInteger(options.stop, "stop");
  const beams = positiveInteger(options.beams ?? 4, "beams");
  const steps = positiveInteger(options.steps ?? 100, "steps");
  const alpha = options.lengthPenalty ?? 0;
  if (!Number.isFinite(alpha))
    throw wrong(
      typeof alpha === "number",
      "lengthPenalty",
      "a finite number",
      alpha,
    );

  const found = new Best<Hypothesis>(beams);
  const end = (sum: number, tokens: readonly number[], finished: boolean) => {
    const score = sum / (tokens.length + Number(finished)) ** alpha;
    found.offer(score, { tokens: [...tokens], score, finished });
  };
  let open: Beam[] = [{ stream: stream.fork(), tokens: [], sum: 0 }];
  try {
    for (let step = 1; step <= steps && open.length; step++) {
      const best = new Best<Candidate>(beams);
      for (const beam of open) {
        const row = logSoftmax(
          successors(beam.stream, beam.tokens.at(-1) ?? start),
          OUTPUTS,
        );
        checkTokenBelow(stop, "stop", row.length);
        row.forEach((score, token) => {
          const sum = beam.sum + score;
          if (sum > best.least) best.offer(sum, { beam, token, sum });
        });
      }
      const longer = best.values.filter(({ token }) => token !== stop);
      for (const { beam, token, sum } of best.values)
        if (token === stop) end(sum, beam.tokens, true);
      // an upper bound for all continuations, whose sums can only fall
      const length = alpha > 0 ? steps : step;
      const bound = (longer[0]?.sum ?? -Infinity) / length ** alpha;
      open = follow(open, bound > found.least ? longer : []);
    }
    for (const { sum, tokens } of open) end(sum, tokens, false);
  } finally {
    for (const beam of open) beam.stream.dispose?.();
  }
  return found.values;
}

/** The beams of the candidates; the last candidate of a beam takes over its stream, the others get forks. */
function follow(open: readonly Beam[], candidates: readonly Candidate[]) {
  const last = new Map(
    candidates.map((candidate) => [candidate.beam, candidate]),
  );
  const next = candidates.map((candidate): Beam => {
    const { beam, token, sum } = candidate;
    const stream =
      last.get(beam) === candidate ? beam.stream : beam.stream.fork();
    return { stream, tokens: [...beam.tokens, token], sum };
  });
  for (const beam of open) if (!last.has(beam)) beam.stream.dispose?.();
  return next;
}

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

/** Where a beam search begins and ends, and how wide it is. */
export interface BeamSearchOptions {
  /** The token that the sequence begins with, which the stream has not read yet; not among the tokens found. */
  start: number;
  /** The token that ends a sequence; not among the tokens found, but its probability counts. */
  stop: number;
  /** How many sequences are followed; 4 by default. 1 takes the likeliest token each time. */
  beams?: number;
  /** The most tokens of a sequence, `stop` included; 100 by default. */
  steps?: number;
  /**
   * α: scores are log-probabilities divided by lengthᵅ, `stop` counted; 0 by default, the log-probability itself. Above
   * 0 longer sequences gain; 1 is the mean of a token.
   */
  lengthPenalty?: number;
}

/** A sequence of tokens. */
export interface Hypothesis {
  /** Without start and stop. */
  tokens: number[];
  /** Its log-probability, that of `stop` included where it ended so, divided by lengthᵅ. */
  score: number;
  /** Whether `stop` ended it, and not the number of steps. */
  finished: boolean;
}

const BEAM_SEARCH = {
  start: 0,
  stop: 0,
  beams: 0,
  steps: 0,
  lengthPenalty: 0,
} satisfies Record<keyof BeamSearchOptions, 0>;

/** A sequence that goes on. */
interface Beam {
  readonly stream: TokenStream;
  readonly tokens: readonly number[];
  readonly sum: number;
}

/** A beam and one more token. */
interface Candidate {
  readonly beam: Beam;
  readonly token: number;
  readonly sum: number;
}

/**
 * The likeliest sequences, best first, at most `beams` of them: at each step the `beams` likeliest continuations of
 * those that go on are kept. With as many beams as there are sequences it is exact.
 *
 * @param stream is left as it is: forks of it run
 * @throws TypeError, RangeError that name the option, or the step whose outputs are NaN or Infinity
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
      // No continuation scores more than this: sums only fall.
      const length = alpha > 0 ? steps : step;
      const most = (longer[0]?.sum ?? -Infinity) / length ** alpha;
      open = follow(open, most > found.least ? longer : []);
    }
    for (const { sum, tokens } of open) end(sum, tokens, false);
  } finally {
    for (const beam of open) beam.stream.dispose?.();
  }
  return found.values;
}

/** The beams of the candidates; the last that comes out of a stream takes the stream itself, the others forks. */
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

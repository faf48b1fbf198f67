import { message, oneOf, positiveInteger, record, wrong } from "../checks.js";
import type { Tensor } from "../tensor.js";
import { rateOf } from "./checks.js";
import type { Feedback, FixedInputs } from "./frame-model.js";
import { type Window, windowOf } from "./window.js";

/**
 * The input of a model: the samples of a frame, the magnitudes of its spectrum (size / 2 + 1), or the spectrum itself
 * (interleaved real and imaginary parts).
 */
export type Takes = "frame" | "magnitude" | "complex";

/**
 * The output of a model: the samples of a frame, which are summed where frames overlap; a mask to multiply the spectrum by
 * (size / 2 + 1); a spectrum; or numbers that are reported while the sound stays unchanged.
 */
export type Gives = "frame" | "mask" | "complex" | "numbers";

/** The input and output of one of the models. */
export interface Stage extends Feedback {
  takes: Takes;
  gives: Gives;
}

/** How to run models on frames of a stream of samples, one after another. */
export interface FrameSettings {
  /** The models' sample rate in hertz; other rates are converted on the way in and out. */
  sampleRate: number;
  /** Samples in a frame; for spectra a power of two. */
  size: number;
  /** Samples from one frame to the next; `size` by default. */
  hop?: number;
  /** Applied to frames before the transform and again after its inverse; "sqrt-hann" by default. */
  window?: Window;
  /** One entry per model. */
  stages: readonly Stage[];
}

/** Settings with defaults filled in. */
export interface CheckedSettings {
  readonly sampleRate: number;
  readonly size: number;
  readonly hop: number;
  readonly window: Float32Array; // (size)
  readonly stages: readonly Required<Stage>[];
}

const SETTINGS = {
  sampleRate: 0,
  size: 0,
  hop: 0,
  window: 0,
  stages: 0,
} satisfies Record<keyof FrameSettings, 0>;
const STAGE = {
  takes: 0,
  gives: 0,
  inputs: 0,
  states: 0,
  initial: 0,
} satisfies Record<keyof Stage, 0>;

/** @throws TypeError, RangeError that name the setting */
export function checkSettings(
  given: FrameSettings,
  name = "settings",
): CheckedSettings {
  record(given, name, SETTINGS);
  const place = (key: string) => `${name}.${key}`;
  const sampleRate = rateOf(given.sampleRate, place("sampleRate"));
  const size = positiveInteger(given.size, place("size"));
  const hop = positiveInteger(given.hop ?? size, place("hop"));
  if (hop > size)
    throw new RangeError(
      message(place("hop"), `at most size, ${size}`, `${hop}`),
    );
  const { stages } = given as { stages: unknown };
  if (!Array.isArray(stages) || !stages.length)
    throw wrong(
      Array.isArray(stages),
      place("stages"),
      "one entry per model",
      stages,
    );
  return {
    sampleRate,
    size,
    hop,
    window: windowOf(given.window ?? "sqrt-hann", size, place("window")),
    stages: stages.map((stage, i) => checkStage(stage, place(`stages[${i}]`))),
  };
}

function checkStage(stage: unknown, name: string): Required<Stage> {
  const {
    takes,
    gives,
    inputs = {},
    states = {},
    initial = {},
  } = record(stage, name, STAGE);
  const checked = {
    takes: oneOf(takes, `${name}.takes`, ["frame", "magnitude", "complex"]),
    gives: oneOf(gives, `${name}.gives`, [
      "frame",
      "mask",
      "complex",
      "numbers",
    ]),
    inputs: record(inputs, `${name}.inputs`) as FixedInputs,
    states: record(states, `${name}.states`) as Record<string, string>,
    initial: record(initial, `${name}.initial`) as Record<string, Tensor>,
  } as const;
  if (checked.gives === "mask" && checked.takes === "frame")
    throw new RangeError(
      message(
        `${name}.gives`,
        "a frame or numbers, since the model's input is not a spectrum",
        '"mask"',
      ),
    );
  return checked;
}

import { message, oneOf, positiveInteger, record, wrong } from "../checks.js";
import type { Tensor } from "../tensor.js";
import { rateOf } from "./checks.js";
import type { Feedback, FixedInputs } from "./frame-model.js";
import { type Window, windowOf } from "./window.js";

/**
 * What a model takes of a frame: its samples, the magnitudes of its spectrum (size / 2 + 1), or the spectrum itself (real
 * and imaginary parts in turn).
 */
export type Takes = "frame" | "magnitude" | "complex";

/**
 * What it gives: samples of a frame, which are summed where frames overlap; a mask that the spectrum is multiplied with
 * (size / 2 + 1); another spectrum; or numbers that are told to whoever asks, while the sound stays as it is.
 */
export type Gives = "frame" | "mask" | "complex" | "numbers";

/** A model's part in what becomes of a frame. */
export interface Stage extends Feedback {
  takes: Takes;
  gives: Gives;
}

/** How a stream of samples is brought before models: frames of it, at their rate, one model behind the other. */
export interface FrameSettings {
  /** The models' rate in hertz; other rates are converted on the way in and out. */
  sampleRate: number;
  /** Samples in a frame; for spectra a power of two. */
  size: number;
  /** Samples from a frame to the next; `size` by default. */
  hop?: number;
  /** Multiplies frames before the transform and once more after it; "sqrt-hann" by default. */
  window?: Window;
  /** One entry a model. */
  stages: readonly Stage[];
}

/** Settings with everything in them. */
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
        "a frame or numbers, since the model takes no spectrum",
        '"mask"',
      ),
    );
  return checked;
}

import { isRecord, message, oneOf, wrong } from "../checks.js";
import {
  type FrameModel,
  frameSizeOf,
  inputsOf,
} from "../signal/frame-model.js";
import {
  checkSettings,
  type CheckedSettings,
  type FrameSettings,
  type Stage,
} from "../signal/frame-settings.js";

/** Models of noise suppression whose settings are known. */
export type KnownSuppression = "gtcrn" | "dtln";

/**
 * GTCRN: spectra of frames of 512, under the square root of Hann's window, half overlapping, to spectra of speech (X. Rong
 * et al., 2024; github.com/Xiaobin-Rong/gtcrn, stream/). DTLN: the first network masks magnitudes, the second turns frames
 * into frames, which are summed, four over each sample, without a window (N. Westhausen, B. Meyer, 2020;
 * github.com/breizhn/DTLN, real_time_processing_onnx.py).
 */
const KNOWN: Record<KnownSuppression, FrameSettings> = {
  gtcrn: {
    sampleRate: 16_000,
    size: 512,
    hop: 256,
    window: "sqrt-hann",
    stages: [{ takes: "complex", gives: "complex" }],
  },
  dtln: {
    sampleRate: 16_000,
    size: 512,
    hop: 128,
    window: "none",
    stages: [
      { takes: "magnitude", gives: "mask" },
      { takes: "frame", gives: "frame" },
    ],
  },
};

/** Numbers that each model takes at a step → which they are. */
const BY_SIZES: Readonly<Record<string, KnownSuppression>> = {
  514: "gtcrn",
  "257,512": "dtln",
};

/**
 * The settings by name, by the sizes of what the models take, or as given; with the states of graphs whose names do not
 * tell them.
 *
 * @throws RangeError for models that are not known and come without settings
 */
export function suppressionSettings(
  models: readonly FrameModel[],
  given: KnownSuppression | FrameSettings | undefined,
): FrameSettings {
  const settings = isRecord(given) ? given : KNOWN[nameOf(models, given)];
  const { stages } = settings as { stages: unknown };
  if (!Array.isArray(stages)) return settings as unknown as FrameSettings;
  return {
    ...(settings as unknown as FrameSettings),
    stages: stages.map((stage: Stage, i) => withStates(stage, models[i])),
  };
}

function nameOf(
  models: readonly FrameModel[],
  given: unknown,
): KnownSuppression {
  if (given !== undefined) {
    if (typeof given !== "string")
      throw wrong(false, "settings", "an object, or a model's name", given);
    return oneOf(given, "settings", ["gtcrn", "dtln"]);
  }
  const sizes = models.map((model) => frameSizeOf(model)).join();
  const name = BY_SIZES[sizes];
  if (name) return name;
  throw new RangeError(
    message(
      "settings",
      "those of the model, which is not a known one",
      `none, and ${models.length === 1 ? "a model" : "models"} of ${sizes || "no"} numbers a frame`,
    ),
  );
}

/**
 * A graph's states, where only order and shape tell them, as in DTLN: behind the first input and the first output, the
 * input and the output at the same place.
 */
function withStates(stage: Stage, model: FrameModel | undefined): Stage {
  if (!model || !isRecord(stage) || stage.states) return stage;
  const inputs = inputsOf(model);
  if (inputs.some(({ state }) => state !== undefined)) return stage;
  const { outputs = [] } = model as { outputs?: readonly { name: string }[] };
  const free = inputs
    .map(({ name }, i) => [name, outputs[i]?.name] as const)
    .filter(([name], i) => i > 0 && !(name in (stage.inputs ?? {})));
  const states = Object.fromEntries(
    free.filter(([, output]) => output !== undefined),
  ) as Record<string, string>;
  return Object.keys(states).length ? { ...stage, states } : stage;
}

export const checkedSuppression = (settings: FrameSettings): CheckedSettings =>
  checkSettings(settings, "settings");

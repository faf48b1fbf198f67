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

/** Noise suppression models whose settings are known. */
export type KnownSuppression = "gtcrn" | "dtln";

/**
 * GTCRN: from spectra of frames of 512 samples, half overlapping, with the square root of Hann's window, to spectra of
 * speech (X. Rong et al., 2024; github.com/Xiaobin-Rong/gtcrn, stream/). DTLN: the first network masks magnitudes, the
 * second maps frames to frames, which are summed without a window, four at each sample (N. Westhausen, B. Meyer, 2020;
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

/** Known models by the input sizes of each of them. */
const BY_SIZES: Readonly<Record<string, KnownSuppression>> = {
  514: "gtcrn",
  "257,512": "dtln",
};

/**
 * The settings, given as such or by name, or found by the models' input sizes; with the states of graphs whose names do
 * not show them.
 *
 * @throws RangeError for unknown models without settings
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
      "the settings of a model that is not known",
      `none, and ${models.length === 1 ? "a model" : "models"} of ${sizes || "no"} numbers per frame`,
    ),
  );
}

/**
 * Adds the states of a graph if only their order shows them, as in DTLN: after the first input and the first output, each
 * input and the output at the same index.
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

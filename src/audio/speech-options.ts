import { boolean, message } from "../checks.js";
import { between } from "../signal/checks.js";

/** When speech begins and ends. Names and defaults are those of @ricky0123/vad-web. */
export interface SpeechOptions {
  /** A frame of at least this probability is speech; 0.3 by default. */
  positiveSpeechThreshold?: number;
  /** Below this probability a frame counts towards the end of speech; 0.25 by default. */
  negativeSpeechThreshold?: number;
  /** Speech ends after this many milliseconds of frames below the negative threshold; 1400 by default. */
  redemptionMs?: number;
  /** Milliseconds of audio to include before the first frame of speech; 800 by default. */
  preSpeechPadMs?: number;
  /** Speech of fewer milliseconds is a misfire; 400 by default. */
  minSpeechMs?: number;
  /** Whether `pause` ends current speech instead of dropping it; false by default. */
  submitUserSpeechOnPause?: boolean;
}

export const SPEECH_DEFAULTS = {
  positiveSpeechThreshold: 0.3,
  negativeSpeechThreshold: 0.25,
  redemptionMs: 1400,
  preSpeechPadMs: 800,
  minSpeechMs: 400,
  submitUserSpeechOnPause: false,
} satisfies Required<SpeechOptions>;

/** The options, checked, with defaults filled in. */
export function speechOptions(options: SpeechOptions): Required<SpeechOptions> {
  const given = <K extends keyof SpeechOptions>(name: K) =>
    options[name] ?? SPEECH_DEFAULTS[name];
  const share = (name: "positiveSpeechThreshold" | "negativeSpeechThreshold") =>
    between(given(name), name, 0, 1);
  const duration = (name: "redemptionMs" | "preSpeechPadMs" | "minSpeechMs") =>
    between(given(name), name, 0, Number.MAX_SAFE_INTEGER);
  const checked = {
    positiveSpeechThreshold: share("positiveSpeechThreshold"),
    negativeSpeechThreshold: share("negativeSpeechThreshold"),
    redemptionMs: duration("redemptionMs"),
    preSpeechPadMs: duration("preSpeechPadMs"),
    minSpeechMs: duration("minSpeechMs"),
    submitUserSpeechOnPause: boolean(
      given("submitUserSpeechOnPause"),
      "submitUserSpeechOnPause",
    ),
  };
  const { positiveSpeechThreshold: limit, negativeSpeechThreshold } = checked;
  if (negativeSpeechThreshold > limit)
    throw new RangeError(
      message(
        "negativeSpeechThreshold",
        `at most positiveSpeechThreshold, ${limit}`,
        `${negativeSpeechThreshold}`,
      ),
    );
  return checked;
}

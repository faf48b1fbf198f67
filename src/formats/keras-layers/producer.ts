/*
 * The program that wrote a config, which decides what some names mean.
 */
export interface Producer {
  /** "Keras 2.15.0", "TensorFlow.js tfjs-layers 4.22.0"; null if the file does not say. */
  readonly name: string | null;
  /** The major version of Keras; tfjs writes what Keras 2 writes. */
  readonly major: 2 | 3;
  /** Whether the file is for TensorFlow.js, which treats masks differently. */
  readonly tfjs: boolean;
}

/** @param version of Keras, "2.15.0" or "tfjs-layers 4.22.0", as files state it */
export function producerOf(version: string | null, tfjs: boolean): Producer {
  const major = version !== null && /^[3-9](\.|$)/.test(version) ? 3 : 2;
  if (version === null) return { name: null, major, tfjs };
  const framework = version.startsWith("tfjs") ? "TensorFlow.js" : "Keras";
  return { name: `${framework} ${version}`, major, tfjs };
}

/** hard_sigmoid: x/6 + ½ since Keras 3, x/5 + ½ before and in TensorFlow.js, limited to [0, 1]. */
export function hardSigmoid({ major }: Producer) {
  const alpha = major === 3 ? 1 / 6 : 0.2;
  return { name: "hardSigmoid", alpha, beta: 0.5 } as const;
}

/** The output at a masked step; see docs/formats/keras.md. */
export function maskRule({ tfjs }: Producer, zeros: boolean) {
  if (tfjs) return "state";
  return zeros ? "zero" : "previous";
}

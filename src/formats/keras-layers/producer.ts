/*
 * Who wrote a config, and what that decides: the same names do not mean the same everywhere.
 */
export interface Producer {
  /** "Keras 2.15.0", "TensorFlow.js tfjs-layers 4.22.0"; null where the file does not say. */
  readonly name: string | null;
  /** Of Keras; tfjs writes what Keras 2 writes. */
  readonly major: 2 | 3;
  /** Whether TensorFlow.js runs the file: it masks in a way of its own. */
  readonly tfjs: boolean;
}

/** @param version of Keras, "2.15.0" or "tfjs-layers 4.22.0", as files state it */
export function producerOf(version: string | null, tfjs: boolean): Producer {
  const major = version !== null && /^[3-9](\.|$)/.test(version) ? 3 : 2;
  if (version === null) return { name: null, major, tfjs };
  const framework = version.startsWith("tfjs") ? "TensorFlow.js" : "Keras";
  return { name: `${framework} ${version}`, major, tfjs };
}

/** What hard_sigmoid is: x/6 + ½ since Keras 3, x/5 + ½ before and in TensorFlow.js, limited to [0, 1]. */
export function hardSigmoid({ major }: Producer) {
  const alpha = major === 3 ? 1 / 6 : 0.2;
  return { name: "hardSigmoid", alpha, beta: 0.5 } as const;
}

/** What a masked step yields; see docs/formats/keras.md. */
export function maskRule({ tfjs }: Producer, zeros: boolean) {
  if (tfjs) return "state";
  return zeros ? "zero" : "previous";
}

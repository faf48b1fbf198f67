import type { Tensor } from "../../src/index.js";
import { count } from "../support/tensors.js";
import type { Files } from "./files.js";

/** A layer as a model.json has it, and its weights by their names behind the layer's. */
export interface BuiltLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights?: Readonly<Record<string, Tensor>>;
}

export interface BuildOptions {
  /** "2.15.0" by default. */
  readonly version?: string;
  readonly format?: string;
  /** Instead of a Sequential of the layers. */
  readonly model?: unknown;
  /** Instead of the list that the weights have. */
  readonly manifest?: unknown;
}

/** The files of a Sequential, each layer called layer0, layer1 and so on, or as its config says. */
export function layersModel(
  layers: readonly BuiltLayer[],
  {
    version = "2.15.0",
    format = "layers-model",
    model,
    manifest,
  }: BuildOptions = {},
): Files {
  const listed = layers.map(({ class_name, config }, i) => ({
    class_name,
    config: { name: `layer${i}`, ...config },
  }));
  const weights = layers.flatMap(({ weights: own = {} }, i) =>
    Object.entries(own).map(([name, tensor]) => ({
      name: `${listed[i]!.config.name}/${name}`,
      tensor,
    })),
  );
  const specs = weights.map(({ name, tensor: { shape } }) => ({
    name,
    shape,
    dtype: "float32",
  }));
  const file = {
    format,
    generatedBy: `keras v${version}`,
    convertedBy: "TensorFlow.js Converter v4.22.0",
    modelTopology: {
      keras_version: version,
      backend: "tensorflow",
      model_config: model ?? {
        class_name: "Sequential",
        config: { name: "model", layers: listed },
      },
    },
    weightsManifest: manifest ?? [
      { paths: ["group1-shard1of1.bin"], weights: specs },
    ],
  };
  const parts = weights.map(({ tensor: { data } }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  return {
    "model.json": jsonOf(file),
    "group1-shard1of1.bin": Uint8Array.from(Buffer.concat(parts)),
  };
}

export const jsonOf = (value: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(value));

/** A tensor of one number. */
export function filled(value: number, ...shape: number[]): Tensor {
  return { shape, data: new Float32Array(count(shape)).fill(value) };
}

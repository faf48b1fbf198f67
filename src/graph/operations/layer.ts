import { RECURRENT_KINDS } from "../../layers/cells.js";
import type { GRUOptions } from "../../layers/gru.js";
import { GRU } from "../../layers/gru.js";
import { LSTM } from "../../layers/lstm.js";
import { type Direction, directionsOf } from "../../layers/options.js";
import { RNN } from "../../layers/rnn.js";
import { equalShapes } from "../../checks.js";
import type { Node } from "../node.js";
import type { Value } from "../value.js";
import type { ActivationChoice } from "./activations.js";
import {
  type RecurrentType,
  type Sizes,
  sizesOf,
  stateDictOf,
  type Weights,
  weightsOfDict,
} from "./weights.js";

export type AnyLayer = RNN | LSTM | GRU;

/** The options of a layer that a node's attributes tell. */
export interface Features {
  readonly direction: Direction;
  readonly nonlinearity?: "tanh" | "relu";
  readonly activations?: readonly ActivationChoice[];
  readonly clip?: number;
  readonly resetAfter?: boolean;
  readonly coupledGates?: boolean;
}

/** Makes the layer of one node, once or, where its weights are inputs of the graph, whenever they change. */
export class Builder {
  readonly #node: Node;
  readonly #type: RecurrentType;
  readonly #features: Features;
  readonly #hidden: number | null;
  readonly #directions: number;
  #last: { weights: Weights; layer: AnyLayer } | null = null;

  /** `hidden`: the node's hidden_size, if it has one. */
  constructor(
    node: Node,
    type: RecurrentType,
    features: Features,
    hidden: number | null,
  ) {
    this.#node = node;
    this.#type = type;
    this.#features = features;
    this.#hidden = hidden;
    this.#directions = directionsOf(features).length;
  }

  build(weights: Weights): AnyLayer {
    const sizes = this.#sizes(weights);
    const { inputSize, hiddenSize, bias, peepholes } = sizes;
    const options = {
      ...this.#features,
      inputSize,
      hiddenSize,
      bias,
      backend: this.#node.setting.backend,
      precision: this.#node.precision,
      ...(peepholes && { peepholes }),
    };
    const layer = create(this.#type, options);
    return layer.loadStateDict(
      stateDictOf(this.#node, this.#type, weights, sizes, this.#directions),
    );
  }

  /** What `layer` was built of. P of zeros is no part of it. */
  weightsOf(layer: AnyLayer): Weights {
    const { W, R, B, P } = weightsOfDict(
      this.#type,
      layer.stateDict(),
      0,
      this.#directions,
    );
    const size = 3 * layer.options.hiddenSize;
    return { W, R, B, P: P ?? zeros([this.#directions, size]) };
  }

  /** The layer of the last weights when these are the same numbers, else a new one. */
  cached(weights: Weights): AnyLayer {
    if (this.#last && sameWeights(this.#last.weights, weights))
      return this.#last.layer;
    const layer = this.build(weights);
    this.#last?.layer.dispose();
    // copies: the caller may write into his arrays between two runs
    const { W, R, B, P } = weights;
    const own = { W: copy(W), R: copy(R), B: B && copy(B), P: P && copy(P) };
    this.#last = { weights: own, layer };
    return layer;
  }

  /** Gives the memory of the layer of the last weights back. */
  dispose(): void {
    this.#last?.layer.dispose();
  }

  /** Puts the layer into the report. */
  describe(weights: Weights | null, layout: string): void {
    const { layers, ignored } = this.#node.setting.notes;
    const sizes = weights && this.#sizes(weights);
    const { direction } = this.#features;
    layers.push({
      name: this.#node.name,
      type: this.#type,
      sizes: {
        ...(sizes && { inputSize: sizes.inputSize }),
        hiddenSize: sizes?.hiddenSize ?? this.#hidden ?? 0,
        directions: this.#directions,
      },
      convention: [
        direction,
        layout,
        ...conventionOf(this.#type, this.#features),
        ...(sizes ? weightConvention(sizes) : ["weights given at run time"]),
      ].join(", "),
    });
    if (weights?.P && !sizes?.peepholes)
      ignored.push(`${this.#node.place}: P, which is 0`);
  }

  #sizes(weights: Weights): Sizes {
    const { place } = this.#node;
    return sizesOf(this.#type, weights, this.#directions, this.#hidden, place);
  }
}

type Options = Features &
  Pick<GRUOptions, "inputSize" | "hiddenSize" | "backend" | "precision">;

function create(type: RecurrentType, options: Options): AnyLayer {
  if (type === "RNN")
    return new RNN(options as ConstructorParameters<typeof RNN>[0]);
  if (type === "LSTM")
    return new LSTM(options as ConstructorParameters<typeof LSTM>[0]);
  return new GRU(options as ConstructorParameters<typeof GRU>[0]);
}

function conventionOf(type: RecurrentType, features: Features): string[] {
  const { activations, nonlinearity, clip, resetAfter, coupledGates } =
    features;
  const names = activations?.map(({ name, alpha, beta }) => {
    const numbers = [alpha, beta].filter((n) => n !== undefined);
    return numbers.length ? `${name}(${numbers.join(", ")})` : name;
  });
  const { gates, orders } = RECURRENT_KINDS[type];
  const list = gates.length > 1 ? [`gates ${orders.onnx}`] : [];
  if (type === "GRU")
    list.push(`reset ${resetAfter ? "after" : "before"} the product`);
  if (nonlinearity) list.push(nonlinearity);
  if (names) list.push(`activations ${names.join(" ")}`);
  if (clip !== undefined) list.push(`clip ${clip}`);
  if (coupledGates) list.push("input and forget gate coupled");
  return list;
}

function weightConvention({ bias, peepholes }: Sizes): string[] {
  return [
    bias ? "both biases" : "no biases",
    ...(peepholes ? ["peepholes i o f"] : []),
  ];
}

function zeros(shape: readonly [number, number]): Value {
  const data = new Float32Array(shape[0] * shape[1]);
  return { dtype: "float32", shape, data };
}

function copy({ dtype, shape, data }: Value): Value {
  return { dtype, shape, data: data.slice() };
}

function sameWeights(a: Weights, b: Weights): boolean {
  return (
    sameValue(a.W, b.W) &&
    sameValue(a.R, b.R) &&
    sameValue(a.B, b.B) &&
    sameValue(a.P, b.P)
  );
}

function sameValue(a: Value | null, b: Value | null): boolean {
  if (!a || !b) return a === b;
  return (
    equalShapes(a.shape, b.shape) &&
    a.data.every((n, i) => Object.is(n, b.data[i]))
  );
}

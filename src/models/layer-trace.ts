import type { Layer, LayerOutput } from "../layers/layer.js";
import { swapAxes } from "../layers/time-first.js";
import type { Trace, TraceEntry } from "../layers/traced.js";
import { sizeOf, type Tensor } from "../tensor.js";

/** What one layer of a model computed. */
export interface LayerTrace {
  /** The layer's type: 'LSTM'. */
  readonly type: string;
  /** [B, T, features] or [T, features]; [B, features] or [features] after a layer that returns only its last step. */
  readonly output: Tensor;
  /** The gates of an RNN, LSTM or GRU, as in the trace of its own `forward`; null for other layers. */
  readonly gates: Trace | null;
}

/** Collects what the layers of a model compute, in their order. */
export class LayerTraces {
  readonly all: LayerTrace[] = [];
  readonly #batched: boolean;
  readonly #timeFirst: boolean;
  #lastOnly = false;

  constructor(batched: boolean, timeFirst: boolean) {
    this.#batched = batched;
    this.#timeFirst = timeFirst;
  }

  add(layer: Layer, { data, batch, steps, gates }: LayerOutput): void {
    this.#lastOnly = layer.lastOnly || (this.#lastOnly && !layer.setsSteps);
    const axes = this.#lastOnly ? [batch] : [batch, steps];
    const shape = [...axes, data.length / sizeOf(axes)];
    const output = this.#arranged({ shape, data: data.slice() });
    const { type } = layer;
    this.all.push({ type, output, gates: gates ? this.#gates(gates) : null });
  }

  #gates(gates: Trace): Trace {
    return gates.map(({ layer, direction, ...own }) => {
      const entries = Object.entries(own as Record<string, Tensor>);
      return {
        layer,
        direction,
        ...Object.fromEntries(
          entries.map(([name, gate]) => [name, this.#arranged(gate)]),
        ),
      } as TraceEntry;
    });
  }

  /** Arranged as the model's own output: without B if the input had none, time first if the input was. */
  #arranged(tensor: Tensor): Tensor {
    const { shape, data } = tensor;
    if (!this.#batched) return { shape: shape.slice(1), data };
    return this.#timeFirst ? swapAxes(tensor, 3, "output") : tensor;
  }
}

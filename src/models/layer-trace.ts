import type { Layer, Passed } from "../layers/layer.js";
import { swapAxes } from "../layers/time-first.js";
import type { Trace, TraceEntry } from "../layers/traced.js";
import { sizeOf, type Tensor } from "../tensor.js";

/** What one layer of a model computed. */
export interface LayerTrace {
  /** As `toString` of the layer says: 'LSTM'. */
  readonly type: string;
  /** [B, T, features] or [T, features]; [B, features] or [features] where T is gone. */
  readonly output: Tensor;
  /** The gates of an RNN, LSTM or GRU as its own `forward` traces them; null for other layers. */
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

  add(layer: Layer, { data, batch, steps, gates }: Passed): void {
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

  /** As the model's own output is: without B where the input had none, time first where it was. */
  #arranged(tensor: Tensor): Tensor {
    const { shape, data } = tensor;
    if (!this.#batched) return { shape: shape.slice(1), data };
    return this.#timeFirst ? swapAxes(tensor, 3, "output") : tensor;
  }
}

import { type Model, Rows, type RowsRun } from "../kernel/model.js";

export type { RowsRun, Strides } from "../kernel/model.js";

/** A recurrent layer with `runsRows`. */
interface Runner {
  readonly model: Model;
}

/**
 * Sequences without lengths or masks through a recurrent layer, in arrays that the caller keeps: nothing is allocated
 * once it has run. No method of the layer: only graphs run so, and whoever has an LSTM would carry 0.7 kB for them.
 */
export class LayerRows {
  readonly #layer: Runner;
  #rows: Rows | null = null;

  constructor(layer: Runner) {
    this.#layer = layer;
  }

  run(run: RowsRun): void {
    const { network } = this.#layer.model;
    this.#rows ??= new Rows(network);
    this.#rows.run(run);
  }
}

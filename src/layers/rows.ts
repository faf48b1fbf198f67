import { type Model, Rows, type RowsRun } from "../kernel/model.js";

export type { RowsRun, Strides } from "../kernel/model.js";

/** A recurrent layer with `runsRows`. */
interface Runner {
  readonly model: Model;
}

/**
 * Runs sequences without lengths or masks through a recurrent layer, in arrays that the caller keeps: after the first
 * run nothing is allocated. Not a method of the layer, because only graphs need it and it would add 0.7 kB to every
 * application with an LSTM.
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

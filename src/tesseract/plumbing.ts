/*
 * Layers that contain layers: in series, in parallel, and on a mirrored or transposed image.
 */
import {
  copy,
  flipped,
  type Grid,
  grid,
  mirrored,
  transposed,
} from "./grid.js";
import type { ImageLayer, Size } from "./layer.js";

export class Series implements ImageLayer {
  constructor(readonly layers: readonly ImageLayer[]) {}

  size(input: Size): Size {
    return this.layers.reduce((size, layer) => layer.size(size), input);
  }

  run(input: Grid): Grid {
    return this.layers.reduce((values, layer) => layer.run(values), input);
  }

  dispose(): void {
    for (const layer of this.layers) layer.dispose();
  }
}

/** Runs all layers on the same input, and concatenates the channels of their outputs. */
export class Parallel implements ImageLayer {
  constructor(
    readonly layers: readonly ImageLayer[],
    readonly outputs: number,
  ) {}

  size(input: Size): Size {
    const [first] = this.layers as [ImageLayer];
    return first.size(input);
  }

  run(input: Grid): Grid {
    const results = this.layers.map((layer) => layer.run(input));
    const { height, width } = results[0] as Grid;
    const joined = grid(height, width, this.outputs);
    let at = 0;
    for (const result of results) {
      for (let place = 0; place < height * width; place++)
        copy(result, place, joined, place, at);
      at += result.channels;
    }
    return joined;
  }

  dispose(): void {
    for (const layer of this.layers) layer.dispose();
  }
}

/** Runs a layer on a mirrored or transposed image, and does the same to its output. */
export class Reoriented implements ImageLayer {
  /** @param reorient its own inverse */
  constructor(
    readonly layer: ImageLayer,
    readonly reorient: (values: Grid) => Grid,
  ) {}

  size(input: Size): Size {
    return this.layer.size(input);
  }

  run(input: Grid): Grid {
    return this.reorient(this.layer.run(this.reorient(input)));
  }

  dispose(): void {
    this.layer.dispose();
  }
}

/** From right to left. */
export const reversedX = (layer: ImageLayer) => new Reoriented(layer, mirrored);

/** From bottom to top. */
export const reversedY = (layer: ImageLayer) => new Reoriented(layer, flipped);

/** Along the columns instead of the rows. */
export class Transposed extends Reoriented {
  constructor(layer: ImageLayer) {
    super(layer, transposed);
  }

  override size({ height, width }: Size): Size {
    const inside = this.layer.size({ height: width, width: height });
    return { height: inside.width, width: inside.height };
  }
}

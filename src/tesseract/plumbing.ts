/*
 * Layers made of layers: one after another, side by side, and turned about.
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

/** All on the same input; the channels of what comes out one behind the other. */
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

/** A layer on an image that was turned before, and what comes out turned back. */
export class Turned implements ImageLayer {
  constructor(
    readonly layer: ImageLayer,
    readonly turn: (values: Grid) => Grid,
  ) {}

  size(input: Size): Size {
    return this.layer.size(input);
  }

  run(input: Grid): Grid {
    return this.turn(this.layer.run(this.turn(input)));
  }

  dispose(): void {
    this.layer.dispose();
  }
}

/** From right to left. */
export const reversedX = (layer: ImageLayer) => new Turned(layer, mirrored);

/** From the bottom up. */
export const reversedY = (layer: ImageLayer) => new Turned(layer, flipped);

/** Along the columns instead of the rows. */
export class Transposed extends Turned {
  constructor(layer: ImageLayer) {
    super(layer, transposed);
  }

  override size({ height, width }: Size): Size {
    const inside = this.layer.size({ height: width, width: height });
    return { height: inside.width, width: inside.height };
  }
}

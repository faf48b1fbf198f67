import * as layers from "../layers/index.js";

/** All layer types, by the names that saved models give them. */
export const LAYER_TYPES = { ...layers } as const;

/** 'RNN, LSTM, …'. A function: as a constant it would keep all of them in the bundle of who imports one. */
export const layerTypes = (): string => Object.keys(LAYER_TYPES).join(", ");

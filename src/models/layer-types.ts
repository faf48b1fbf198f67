import * as layers from "../layers/index.js";

/** All layer types, by the names that saved models give them. */
export const LAYER_TYPES = { ...layers } as const;

/** 'RNN, LSTM, …' */
export const layerTypes = Object.keys(LAYER_TYPES).join(", ");

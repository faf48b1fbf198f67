import LAYER_TYPES from "../layers/index.js";

export { LAYER_TYPES };

/** 'RNN, LSTM, …'. A function: as a constant it would keep all of them in the bundle of who imports one. */
export const layerTypes = (): string => Object.keys(LAYER_TYPES).join(", ");

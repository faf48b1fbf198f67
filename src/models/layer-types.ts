import LAYER_TYPES from "../layers/index.js";

export { LAYER_TYPES };

/** 'RNN, LSTM, …'. A function, because a constant would keep all layers in the bundle of an application that uses one. */
export const layerTypes = (): string => Object.keys(LAYER_TYPES).join(", ");

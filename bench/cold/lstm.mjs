// From nothing to the first output of a small LSTM.
import { LSTM } from "gatewise";

const layer = new LSTM({ inputSize: 1, hiddenSize: 20 });
process.stdout.write(`${layer.stream().step([0.5])[0]}\n`);

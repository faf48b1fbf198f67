/**
 * Serves this page, with a model of Silero's if it is given one:
 *
 *     npm run build && node examples/voice/serve.mjs path/to/silero_vad_v5.onnx
 */
import { serve } from "../serve.mjs";

const [model] = process.argv.slice(2);
serve("/examples/voice/index.html", model ? { "/model.onnx": model } : {});

/**
 * Serves this page, with models if it is given any: GTCRN's, or DTLN's two in order.
 *
 *     npm run build && node examples/denoise/serve.mjs path/to/gtcrn_simple.onnx
 */
import { serve } from "../serve.mjs";

const models = process.argv
  .slice(2)
  .map((path, i) => [`/model-${i + 1}.onnx`, path]);
serve("/examples/denoise/index.html", Object.fromEntries(models));

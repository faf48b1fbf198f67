// examples/denoise with models and speech for a microphone that hears it: node serve-denoise.mjs SPEECH MODEL [MODEL]
import { serve } from "../../examples/serve.mjs";

const [speech = "", ...models] = process.argv.slice(2);
serve("/examples/denoise/index.html", {
  "/speech.wav": speech,
  ...Object.fromEntries(
    models.map((file, i) => [`/model-${i + 1}.onnx`, file]),
  ),
});

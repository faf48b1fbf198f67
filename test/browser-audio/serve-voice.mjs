// examples/voice with a model and speech for a microphone that hears it: node serve-voice.mjs MODEL SPEECH
import { serve } from "../../examples/serve.mjs";

const [model = "", speech = ""] = process.argv.slice(2);
serve("/examples/voice/index.html", {
  "/model.onnx": model,
  "/speech.wav": speech,
});

// node ready.mjs ours|theirs NAME: milliseconds from before anything of it is loaded to the first frame's probability, as
// a process of its own prints them.
import { readFileSync } from "node:fs";

const [side, name = "v5"] = process.argv.slice(2);
const started = performance.now();
let heard = NaN;
const handlers = {
  onFrameProcessed: () => void (heard = performance.now()),
  onSpeechStart() {},
  onSpeechEnd() {},
};
const { SILERO, sileroFile, vadWeb } = await import("./peers.mjs");
const frame = new Float32Array(
  SILERO[/** @type {keyof typeof SILERO} */ (name)],
);
if (side === "ours") {
  const { VoiceActivity } = await import("../../dist/audio/index.js");
  const model = readFileSync(sileroFile(name));
  new VoiceActivity({ model, ...handlers }).process(frame);
} else {
  const detector = await vadWeb(name, handlers);
  await detector.process(frame);
}
console.log(heard - started);

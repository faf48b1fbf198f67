// The page: a microphone or a recording → VoiceActivity → a picture, and segments to play.
import { VoiceActivity } from "gatewise/audio";
import { writeWav } from "../wav.mjs";
import { draw } from "./picture.mjs";

const element = (id) => document.getElementById(id);
const say = (text) => (element("message").textContent = String(text));

/** What has been heard: a column a frame. */
const heard = { frames: [], start: null, segments: [] };
let model = null;
let listening = null;

/** Handlers that keep what is heard. */
function makeVad() {
  return new VoiceActivity({
    model,
    onFrameProcessed({ isSpeech }, frame) {
      const peak = frame.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      heard.frames.push({
        peak,
        probability: isSpeech,
        milliseconds: frame.length / 16,
      });
    },
    onSpeechStart: () => (heard.start = heard.frames.length - 1),
    onSpeechEnd(audio) {
      keepSegment(heard.start, heard.frames.length, audio);
      heard.start = null;
    },
    onVADMisfire: () => (heard.start = null),
  });
}

function keepSegment(from, to, audio) {
  const [{ milliseconds }] = heard.frames;
  heard.segments.push({ from, to });
  const item = document.createElement("li");
  const player = new Audio(
    URL.createObjectURL(
      new Blob([writeWav(audio, 16_000)], { type: "audio/wav" }),
    ),
  );
  player.controls = true;
  const seconds = (frames) => ((frames * milliseconds) / 1000).toFixed(2);
  item.append(`${seconds(from)} s to ${seconds(to)} s `, player);
  element("segments").append(item);
}

function begin() {
  Object.assign(heard, { frames: [], start: null, segments: [] });
  element("segments").replaceChildren();
}

async function toggle() {
  element("listen").disabled = true;
  try {
    if (listening) listening.stop();
    else await listen();
  } catch (error) {
    say(explain(error));
  }
  element("listen").disabled = false;
}

async function listen() {
  if (!navigator.mediaDevices?.getUserMedia)
    throw new Error(
      "This page may not use a microphone: it must come over https or from localhost.",
    );
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
  });
  begin();
  try {
    listening = await makeVad().listen(stream);
  } catch (error) {
    for (const track of stream.getTracks()) track.stop();
    throw error;
  }
  element("listen").textContent = "Stop";
  say(`Listening at ${listening.context.sampleRate} Hz.`);
  void listening.ended.then(() => {
    for (const track of stream.getTracks()) track.stop();
    listening = null;
    element("listen").textContent = "Listen";
    say("Stopped.");
  });
}

function explain(error) {
  if (error.name === "NotAllowedError")
    return "The microphone was not allowed.";
  if (error.name === "NotFoundError") return "There is no microphone.";
  return error;
}

/** A recording of any kind that the browser can read; it brings it to the model's rate. */
async function open() {
  const [file] = element("recording").files;
  if (!file) return;
  try {
    const context = new OfflineAudioContext(1, 1, 16_000);
    const sound = await context.decodeAudioData(await file.arrayBuffer());
    begin();
    const vad = makeVad();
    vad.process(sound.getChannelData(0));
    vad.finish();
    const { length } = heard.segments;
    say(`${file.name}: ${length} ${length === 1 ? "segment" : "segments"}.`);
  } catch (error) {
    say(`${file.name}: ${error.message}`);
  }
}

function use(bytes, name) {
  const before = model;
  try {
    model = bytes;
    makeVad(); // throws for what is no model
    element("listen").disabled = element("recording").disabled = false;
    say(`${name} is ready.`);
  } catch (error) {
    model = before;
    say(`${name}: ${error.message}`);
  }
}

element("listen").addEventListener("click", toggle);
element("recording").addEventListener("change", open);
element("model").addEventListener("change", async () => {
  const [file] = element("model").files;
  if (file) use(new Uint8Array(await file.arrayBuffer()), file.name);
});
const served = await fetch("/model.onnx");
if (served.ok) use(new Uint8Array(await served.arrayBuffer()), "Silero");
else say("Choose a model first.");
globalThis.heard = heard; // for whoever tests this page

const canvas = element("wave");
requestAnimationFrame(function frame() {
  draw(canvas, heard);
  requestAnimationFrame(frame);
});

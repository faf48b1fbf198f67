// The page: a riff → the amplifier in the AudioWorklet → the speakers, with a meter before and behind it.
import { load } from "gatewise/nam";
import { addProcessor, GatewiseNode } from "gatewise/worklet";
import { riff } from "./riff.mjs";

const RATE = 48_000; // what the model was trained at; the browser converts for the device
const element = (id) => document.getElementById(id);
const decibels = (gain) => 20 * Math.log10(gain);
const gain = (db) => 10 ** (db / 20);

let rig; // made at the first click: browsers start no sound without one
let guitar = null;

async function setUp() {
  const context = new AudioContext({ sampleRate: RATE });
  await addProcessor(context, "/dist/worklet-processor.js");
  const model = await fetch("amp.safetensors").then((r) => r.arrayBuffer());
  const amp = new GatewiseNode(context, { model });
  await amp.ready;
  const before = new AnalyserNode(context, { fftSize: 2048 });
  const after = new AnalyserNode(context, { fftSize: 2048 });
  const volume = new GainNode(context);
  before.connect(amp).connect(after).connect(volume);
  volume.connect(context.destination);
  const samples = riff(RATE);
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: RATE });
  buffer.copyToChannel(samples, 0);
  setInterval(report, 1000);
  requestAnimationFrame(meters);
  return { context, amp, before, after, volume, buffer };
}

async function play() {
  element("play").disabled = true;
  try {
    rig ??= await setUp();
    applyControls();
    await rig.context.resume();
    if (guitar) {
      guitar.stop();
      guitar = null;
    } else {
      guitar = new AudioBufferSourceNode(rig.context, {
        buffer: rig.buffer,
        loop: true,
      });
      guitar.connect(rig.before);
      guitar.start();
    }
    element("play").textContent = guitar ? "Stop" : "Play";
  } catch (error) {
    say(error);
  }
  element("play").disabled = false;
}

const isOn = () => element("power").getAttribute("aria-pressed") === "true";

function togglePower() {
  element("power").setAttribute("aria-pressed", String(!isOn()));
  element("power").textContent = isOn() ? "Amp on" : "Amp off (dry)";
  applyControls();
}

function applyControls() {
  for (const id of ["drive", "volume"])
    element(`${id}Value`).textContent = `${element(id).value} dB`;
  if (!rig) return;
  // Nothing clicks: the node moves to each value within a few milliseconds.
  rig.amp.inputGain.value = gain(element("drive").value);
  rig.amp.bypass.value = isOn() ? 0 : 1;
  const { volume, context } = rig;
  const level = gain(element("volume").value);
  volume.gain.setTargetAtTime(level, context.currentTime, 0.01);
}

/** What `Sequential.save` wrote goes to the worklet as it is, other files through their reader. */
async function read(file) {
  const bytes = await file.arrayBuffer();
  if (file.name.endsWith(".safetensors"))
    return { model: bytes, sampleRate: null };
  return load(bytes);
}

/** The model that plays goes on until the other has taken its place. */
async function swap() {
  const [file] = element("model").files;
  try {
    const { model, sampleRate } = await read(file);
    rig ??= await setUp();
    applyControls();
    const { backend } = await rig.amp.load(model);
    const rate = sampleRate ?? RATE;
    const made =
      rate === RATE ? "" : ` It was made for ${rate} Hz, not ${RATE}.`;
    say(`${file.name} plays, on ${backend}.${made}`);
  } catch (error) {
    say(error);
  }
}

const say = (text) => (element("message").textContent = String(text));

function meters() {
  for (const side of ["before", "after"]) {
    const samples = new Float32Array(2048);
    rig[side].getFloatTimeDomainData(samples);
    const peak = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const level = decibels(peak);
    show(
      side,
      (level + 60) / 60,
      level < -60 ? "–∞ dB" : `${Math.round(level) || 0} dB`,
    );
  }
  requestAnimationFrame(meters);
}

function show(id, share, text) {
  const width = Math.min(1, Math.max(0, share));
  element(id).style.transform = `scaleX(${width})`;
  element(`${id}Value`).textContent = text;
}

async function report() {
  const { quanta, budget, load, mean, worst, clock, resolution } =
    await rig.amp.report();
  if (!quanta || Number.isNaN(load)) return; // nothing that could be timed
  show("load", load, `${(100 * load).toFixed(1)} %`);
  const coarse = resolution >= 0.5 ? `, to ${resolution} ms` : "";
  element("detail").textContent =
    `${mean.toFixed(3)} ms of ${budget.toFixed(2)} ms a quantum; ` +
    `the longest of the last second ${worst.toFixed(2)} ms (${clock}${coarse})`;
}

element("play").addEventListener("click", play);
element("power").addEventListener("click", togglePower);
element("model").addEventListener("change", swap);
for (const id of ["drive", "volume"])
  element(id).addEventListener("input", applyControls);
applyControls();

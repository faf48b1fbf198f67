// The page: a microphone or a recording → NoiseSuppression in the AudioWorklet → the speakers, and A/B between the two.
import { NoiseSuppression } from "gatewise/audio";

const element = (id) => document.getElementById(id);
const say = (text) => (element("message").textContent = String(text));

let suppression = null;
let rig = null; // context, node, analysers; made at the first click: browsers start no sound without one
let playing = null; // stops what plays

async function setUp() {
  const context = new AudioContext();
  const node = await suppression.createNode(context, {
    processor: "/dist/worklet-processor.js",
  });
  const before = new AnalyserNode(context, { fftSize: 2048 });
  const after = new AnalyserNode(context, { fftSize: 2048 });
  before.connect(node).connect(after).connect(context.destination);
  const levels = [];
  const made = { context, node, before, after, levels };
  const timer = setInterval(() => {
    if (context.state !== "closed") void report();
    else clearInterval(timer);
  }, 1000);
  requestAnimationFrame(function frame() {
    if (context.state === "closed") return;
    if (rig) draw(levels);
    requestAnimationFrame(frame);
  });
  return made;
}

async function start(connect) {
  try {
    playing?.();
    playing = null;
    rig ??= await setUp();
    apply();
    await rig.context.resume();
    await rig.node.reset();
    playing = await connect(rig);
  } catch (error) {
    say(explain(error));
  }
}

function explain(error) {
  if (error.name === "NotAllowedError")
    return "The microphone was not allowed.";
  if (error.name === "NotFoundError") return "There is no microphone.";
  return error.message ?? error;
}

async function microphone() {
  if (!navigator.mediaDevices?.getUserMedia)
    throw new Error(
      "This page may not use a microphone: it must come over https or from localhost.",
    );
  const stream = await navigator.mediaDevices.getUserMedia({
    // the browser's own would take the noise away first
    audio: { channelCount: 1, noiseSuppression: false, echoCancellation: true },
  });
  const source = rig.context.createMediaStreamSource(stream);
  source.connect(rig.before);
  element("microphone").textContent = "Stop";
  say(`Microphone at ${rig.context.sampleRate} Hz. Use headphones.`);
  return () => {
    source.disconnect();
    for (const track of stream.getTracks()) track.stop();
    element("microphone").textContent = "Microphone";
    say("Stopped.");
  };
}

async function recording() {
  const [file] = element("recording").files;
  const buffer = await rig.context.decodeAudioData(await file.arrayBuffer());
  const source = new AudioBufferSourceNode(rig.context, { buffer, loop: true });
  source.connect(rig.before);
  source.start();
  say(`${file.name} plays.`);
  return () => {
    source.stop();
    source.disconnect();
  };
}

const isB = () => element("b").getAttribute("aria-pressed") === "true";

function apply() {
  const level = Number(element("level").value);
  element("levelValue").textContent = `${level} %`;
  // nothing clicks: the node fades from one to the other
  if (rig) rig.node.level = isB() ? level / 100 : 0;
}

function choose(b) {
  element("a").setAttribute("aria-pressed", String(!b));
  element("b").setAttribute("aria-pressed", String(b));
  apply();
}

async function report() {
  const { quanta, load, worst, clock, resolution, resets } =
    await rig.node.report();
  if (!quanta) return;
  const exact = resolution >= 0.5 ? `, to ${resolution} ms` : "";
  const times = Number.isNaN(load)
    ? "unknown: the machine is too busy to time any quantum"
    : `${(100 * load).toFixed(1)} %, longest quantum ${worst.toFixed(2)} ms`;
  element("detail").textContent =
    `Load ${times} (${clock}${exact}), ` +
    `${rig.node.latency.toFixed(0)} ms late${resets ? `, ${resets} resets` : ""}.`;
}

/** Peaks before and after, a column a frame of the screen. */
function draw(levels) {
  const peak = (analyser) => {
    const samples = new Float32Array(2048);
    analyser.getFloatTimeDomainData(samples);
    return samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  };
  const canvas = element("wave");
  const { width, height } = canvas;
  levels.push([peak(rig.before), peak(rig.after)]);
  if (levels.length > width / 4) levels.shift();
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  levels.forEach(([before, after], i) => {
    for (const [size, colour] of [
      [before, "#8fb8a6"],
      [after, "#ffce54"],
    ]) {
      const tall = Math.max(1, Math.min(1, size) * height);
      context.fillStyle = colour;
      context.fillRect(i * 4, (height - tall) / 2, 3, tall);
    }
  });
}

/** Models in the order of their names: model_1, model_2. */
async function use(files) {
  const names = files.map(({ name }) => name).join(" and ");
  try {
    const model = files
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ bytes }) => bytes);
    suppression = new NoiseSuppression({ model });
    playing?.();
    playing = null;
    await rig?.context.close();
    rig = null;
    element("microphone").disabled = element("recording").disabled = false;
    say(`${names} ready.`);
  } catch (error) {
    say(`${names}: ${error.message}`);
  }
}

element("microphone").addEventListener("click", () => {
  if (!playing || element("microphone").textContent !== "Stop")
    void start(microphone);
  else {
    playing();
    playing = null;
  }
});
element("recording").addEventListener("change", () => {
  if (element("recording").files.length) void start(recording);
});
element("a").addEventListener("click", () => choose(false));
element("b").addEventListener("click", () => choose(true));
element("level").addEventListener("input", apply);
element("model").addEventListener("change", async () => {
  const files = await Promise.all(
    Array.from(element("model").files, async (file) => ({
      name: file.name,
      bytes: new Uint8Array(await file.arrayBuffer()),
    })),
  );
  if (files.length) await use(files);
});

const served = [];
for (const name of ["model-1.onnx", "model-2.onnx"]) {
  const answer = await fetch(`/${name}`);
  if (answer.ok)
    served.push({ name, bytes: new Uint8Array(await answer.arrayBuffer()) });
}
if (served.length) await use(served);
else say("Choose a model first.");
globalThis.rig = () => rig; // for whoever tests this page

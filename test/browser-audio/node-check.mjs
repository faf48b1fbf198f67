// Runs inside the page of examples/denoise: the node in a real AudioWorklet against the same on the main thread.

/**
 * Serialised into the page: it may use nothing from here.
 *
 * @param {number} count models
 * @returns {Promise<{ problems: string[], mean: number, worst: number, missed: number, load: number, latency: number }>}
 */
export async function checkNode(count) {
  /** @type {(path: string) => Promise<any>} */
  const get = (path) => import(path);
  const { NoiseSuppression } = await get("/dist/audio/index.js");
  const { startClock } = await get("/dist/worklet/index.js");
  const read = async (/** @type {string} */ name) =>
    new Uint8Array(await (await fetch(name)).arrayBuffer());
  /** @type {Uint8Array[]} */
  const model = [];
  for (let i = 1; i <= count; i++) model.push(await read(`/model-${i}.onnx`));
  /** @type {string[]} */
  const problems = [];
  const file = await read("/speech.wav");
  const decoder = new OfflineAudioContext(1, 1, 48_000);
  const sound = await decoder.decodeAudioData(file.buffer);
  // a copy: a source that plays the buffer takes what is in it
  const samples = sound.getChannelData(0).slice();
  const suppression = new NoiseSuppression({ model, sampleRate: 48_000 });
  const expected = suppression.process(samples);

  const clock = await startClock(new Worker("/dist/worklet-clock.js"));
  const render = async (/** @type {number} */ level) => {
    const context = new OfflineAudioContext(1, samples.length, 48_000);
    const maker = new NoiseSuppression({ model, level });
    const node = await maker.createNode(context, {
      processor: "/dist/worklet-processor.js",
      clock,
    });
    const source = new AudioBufferSourceNode(context, { buffer: sound });
    source.connect(node).connect(context.destination);
    source.start();
    const heard = await context.startRendering();
    return {
      output: heard.getChannelData(0),
      latency: node.latency,
      report: await node.report(),
    };
  };
  const { output, latency, report } = await render(1);
  clock.stop();
  const error = output.reduce(
    (most, x, i) => Math.max(most, Math.abs(x - expected[i])),
    0,
  );
  if (!(error < 1e-6)) problems.push(`node: off by ${error}`);
  if (Math.abs(latency - suppression.latency / 48) > 0.01)
    problems.push(`latency: ${latency} ms, ${suppression.latency} samples`);
  if (report.quanta !== Math.ceil(samples.length / 128) || report.resets !== 0)
    problems.push(`report: ${JSON.stringify(report)}`);

  const dry = (await render(0)).output;
  const late = suppression.latency;
  const wrong = dry.findIndex(
    (x, i) => x !== (i < late ? 0 : samples[i - late]),
  );
  if (wrong >= 0) problems.push(`level 0: sample ${wrong} is ${dry[wrong]}`);
  try {
    const context = new OfflineAudioContext(1, 128, 48_000);
    await suppression.createNode(context, { processor: "/nothing.js" });
    problems.push("a processor that is not there: no error");
  } catch {
    // as it should be
  }
  const { mean, worst, missed, load } = report;
  return { problems, mean, worst, missed, load, latency };
}

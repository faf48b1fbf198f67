// Runs inside the page of examples/amp, in a real browser: the amplifier through a real AudioWorklet.

/**
 * Returns what went wrong; nothing when all is well. Serialised into the page: it may use nothing from here.
 *
 * @returns {Promise<{ problems: string[]; mean: number; quanta: number }>}
 */
export async function check() {
  /** @type {(path: string) => Promise<any>} */
  const get = (path) => import(path);
  const { Linear, LSTM, Sequential } = await get("/dist/index.js");
  const { parse } = await get("/dist/safetensors.js");
  const { addProcessor, GatewiseNode } = await get("/dist/worklet/index.js");
  const read = async (/** @type {string} */ name) =>
    (await fetch(`/examples/amp/${name}`)).arrayBuffer();
  const bytes = await read("amp.safetensors");
  /** @type {string[]} */
  const problems = [];

  const render = async (
    /** @type {Float32Array[]} */ channels,
    /** @type {any} */ model,
    /** @type {(node: any, context: OfflineAudioContext) => void} */ then = () => {},
  ) => {
    const length = /** @type {Float32Array} */ (channels[0]).length;
    const context = new OfflineAudioContext(channels.length, length, 48_000);
    await addProcessor(context, "/dist/worklet-processor.js");
    const node = new GatewiseNode(context, { model });
    await node.ready;
    const buffer = context.createBuffer(channels.length, length, 48_000);
    channels.forEach((samples, c) => buffer.getChannelData(c).set(samples));
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(node).connect(context.destination);
    source.start();
    then(node, context);
    const heard = await context.startRendering();
    const outputs = channels.map((_, c) => heard.getChannelData(c));
    return { outputs, report: await node.report() };
  };
  const differing = (
    /** @type {Float32Array} */ a,
    /** @type {Float32Array} */ b,
  ) => a.filter((x, i) => !Object.is(x, b[i])).length;
  const tone = (/** @type {number} */ pitch, seconds = 10) =>
    Float32Array.from(
      { length: 48_000 * seconds },
      (_, i) => 0.3 * Math.sin(i * pitch) + 0.1 * Math.sin(i * 0.31),
    );

  // Stereo: each channel gives the bits of a stream on the main thread.
  const given = [tone(0.02), tone(0.03)];
  const { outputs, report } = await render(given, bytes);
  given.forEach((samples, c) => {
    const here = Sequential.load(bytes).stream().run(samples);
    const wrong = differing(/** @type {Float32Array} */ (outputs[c]), here);
    if (wrong) problems.push(`channel ${c}: ${wrong} samples differ`);
  });
  if (report.quanta !== 3750 || report.resets !== 0)
    problems.push(`report: ${JSON.stringify(report)}`);

  // The trained amplifier against PyTorch's output of the same network.
  const { tensors } = parse(await read("reference.safetensors"));
  const torch = tensors.model.data;
  const played = await render([tensors.input.data], bytes);
  const error = played.outputs[0]?.reduce(
    (most, x, i) => Math.max(most, Math.abs(x - torch[i])),
    0,
  );
  if (!(Number(error) < 1e-4)) problems.push(`PyTorch: off by ${error}`);

  // Another model in the middle, and NaN in the sound.
  const broken = tone(0.02, 1);
  broken.fill(Number.NaN, 24_000, 24_100);
  const other = new Sequential([
    new LSTM({ inputSize: 1, hiddenSize: 8 }),
    new Linear({ inputSize: 8, outputSize: 1 }),
  ]);
  const swapped = await render([broken], bytes, (node, context) => {
    context.suspend?.(0.25).then(async () => {
      await node.load(other);
      await context.resume();
    });
  });
  if (!swapped.outputs[0]?.every(Number.isFinite))
    problems.push("after NaN in the input: the output is not finite");
  const whole = await render([broken], bytes);
  const end = (/** @type {Float32Array | undefined} */ samples) =>
    samples?.subarray(36_000) ?? new Float32Array();
  // Firefox cannot stop an OfflineAudioContext in the middle; test/worklet/worklet.test.ts has this too.
  const mayStop = "suspend" in OfflineAudioContext.prototype;
  const changed = differing(end(swapped.outputs[0]), end(whole.outputs[0]));
  if (mayStop && changed < 10_000)
    problems.push("load: the other model was not heard");

  // A model in another's place: no step between two samples is larger than the fade of 8 ms makes it.
  const constant = (/** @type {number} */ value) => {
    const lstm = new LSTM({ inputSize: 1, hiddenSize: 40 });
    const linear = new Linear({ inputSize: 40, outputSize: 1 });
    linear.loadStateDict({
      weight: { shape: [1, 40], data: new Float32Array(40) },
      bias: { shape: [1], data: Float32Array.of(value) },
    });
    return new Sequential([lstm, linear]);
  };
  const faded = await render([tone(0.02)], constant(0.5), (node, context) => {
    const swap = () => node.load(constant(-0.5));
    if (mayStop)
      context
        .suspend(5)
        .then(swap)
        .then(() => context.resume());
    else setTimeout(swap, 50);
  });
  const [levels = new Float32Array()] = faded.outputs;
  const step = levels.reduce(
    (most, x, i) =>
      i ? Math.max(most, Math.abs(x - (levels[i - 1] ?? x))) : 0,
    0,
  );
  if (!(step < 1.01 / 384)) problems.push(`load: a step of ${step}`);
  if (mayStop && (levels[0] !== 0.5 || levels.at(-1) !== -0.5))
    problems.push(`load: from ${levels[0]} to ${levels.at(-1)}`);
  return { problems, mean: report.mean / 2, quanta: report.quanta };
}

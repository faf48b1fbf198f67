// What is done in the pages of examples/voice and examples/denoise, as a user does it.

/** @param {any} page @param {string} selector */
const textOf = (page, selector) =>
  page.evaluate(
    `document.querySelector(${JSON.stringify(selector)}).textContent`,
  );

/** @param {any} page @param {RegExp} text */
export async function said(page, text, selector = "#message") {
  try {
    await page.waitForFunction(
      `${text}.test(document.querySelector(${JSON.stringify(selector)}).textContent)`,
      { timeout: 30_000 },
    );
  } catch {
    throw new Error(
      `expected the page to say ${text}, got ${JSON.stringify(await textOf(page, selector))}`,
    );
  }
}

/** @param {any} page @param {string} selector @param {readonly string[]} files */
export async function give(page, selector, ...files) {
  const input = await page.$(selector);
  await page.evaluate("document.querySelector('#message').textContent = ''");
  await input.uploadFile(...files);
}

/** The page's microphone hears /speech.wav. Serialised into the page: it may use nothing from here. */
export function hear() {
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext();
    const file = await fetch("/speech.wav");
    const buffer = await context.decodeAudioData(await file.arrayBuffer());
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    const destination = context.createMediaStreamDestination();
    source.connect(destination);
    source.start();
    return destination.stream;
  };
}

/**
 * A recording: segments as they are expected, each with something to play.
 *
 * @param {any} page @param {string} wav @param {readonly { start: number, end: number }[]} expected
 */
export async function openRecording(page, wav, expected) {
  await give(page, "#recording", wav);
  await said(page, /^speech\.wav: \d+ segments?\.$/);
  const shown = await page.evaluate(
    "Array.from(document.querySelectorAll('#segments li'), (item) => [item.textContent.trim(), item.querySelector('audio').duration, item.querySelector('audio').src.slice(0, 5)])",
  );
  const seconds = (/** @type {number} */ ms) => (ms / 1000).toFixed(2);
  const texts = expected.map(
    ({ start, end }) => `${seconds(start)} s to ${seconds(end)} s`,
  );
  const got = shown.map((/** @type {[string]} */ [text]) => text);
  if (JSON.stringify(got) !== JSON.stringify(texts))
    throw new Error(`segments: expected ${texts}, got ${got}`);
  for (const [text, , address] of shown)
    if (address !== "blob:") throw new Error(`${text}: nothing to play`);
  const painted = await page.evaluate(
    "new Promise((done) => setTimeout(() => { const c = document.querySelector('#wave'); const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height); done(new Set(new Uint32Array(data.buffer)).size); }, 200))",
  );
  if (painted < 4) throw new Error(`the picture has ${painted} colours`);
}

/**
 * The microphone: it hears speech, and stops when told.
 *
 * @param {any} page
 */
export async function listen(page) {
  await page.click("#listen");
  await said(page, /^Listening at \d+ Hz\.$/);
  await page.waitForFunction("heard.segments.length > 0", {
    timeout: 60_000,
  });
  const spoken = await page.evaluate(
    "heard.frames.filter(({ probability }) => probability > 0.5).length",
  );
  if (spoken < 10) throw new Error(`microphone: ${spoken} frames of speech`);
  await page.click("#listen");
  await said(page, /^Stopped\.$/);
  const before = await page.evaluate("heard.frames.length");
  await new Promise((resolve) => setTimeout(resolve, 300));
  const after = await page.evaluate("heard.frames.length");
  if (after !== before) throw new Error("it listens on after Stop");
}

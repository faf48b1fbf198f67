// Checks examples/amp/learn.html, in the page: an amplifier is learned from a pair of recordings.

/**
 * Trains for a few seconds as a user does, and reads the file that comes out.
 *
 * @param {any} page at learn.html?seconds=6
 * @param {number} patience ms
 * @returns {Promise<{ problems: string[]; said: string }>}
 */
export async function learnInPage(page, patience) {
  await page.click("#made");
  await page.evaluate(() => {
    const set = (/** @type {string} */ id, /** @type {string} */ value) =>
      Object.assign(/** @type {any} */ (document.querySelector(id)), { value });
    set("#units", "8");
    set("#passes", "6");
  });
  await page.click("#train");
  await page.waitForFunction(
    "/^(Learned|Stopped|.*Error)/.test(document.querySelector('#message').textContent)",
    { timeout: patience },
  );
  return page.evaluate(async () => {
    const text = (/** @type {string} */ id) =>
      String(document.querySelector(id)?.textContent);
    const said = text("#message");
    /** @type {string[]} */
    const problems = [];
    const error = Number(/error to signal ([\d.]+) %/.exec(said)?.[1]);
    // who is silent has 100 %
    if (!(error < 60)) problems.push(`expected less than 60 %, got: ${said}`);
    if (problems.length) return { problems, said };
    const { load } = await import(
      /** @type {any} */ ("/dist/formats/nam/index.js")
    );
    const link = /** @type {HTMLAnchorElement} */ (
      document.querySelector("#file")
    );
    const bytes = await (await fetch(link.href)).arrayBuffer();
    const { model } = load(new Uint8Array(bytes));
    if (model.layers[0].options.hiddenSize !== 8)
      problems.push(`amplifier.nam: expected 8 units, got ${model}`);
    return { problems, said };
  });
}

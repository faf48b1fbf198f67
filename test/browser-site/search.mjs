// Words that people look for, and the page that they should find among the first.
import { PATIENCE } from "../everywhere/hosts/net.mjs";

/** @type {readonly (readonly [string, RegExp])[]} */
const WORDS = [
  ["batch_first", /docs\/(words|start\/pytorch|shapes)/],
  ["microphone", /docs\/(start\/audio|audio|recipes)|play\/hear/],
  ["VAD", /docs\/(start\/audio|audio)/],
  ["tokenizer", /docs\/start\/pytorch/],
  ["CDN", /docs\/start\/scratch/],
  ["TypeScript", /docs\/start\/scratch|docs\//],
  ["summary", /docs\/(start\/pytorch|start\/keras|words)|reference/],
];
const FIRST = 5;

/** @param {any} browser @param {string} origin */
export async function checkSearch(browser, origin) {
  const problems = [];
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(`${origin}docs/`, {
    waitUntil: "networkidle2",
    timeout: PATIENCE,
  });
  for (const [word, expected] of WORDS) {
    await page.click(".VPNavBarSearch button");
    await page.waitForSelector(".search-input", { timeout: PATIENCE });
    await page.type(".search-input", word);
    const links =
      "[...document.querySelectorAll('.VPLocalSearchBox .results a.result')].map((a) => a.href)";
    const found = await page
      .waitForFunction(`${links}.length > 0`, { timeout: 20_000 })
      .then(() => new Promise((resolve) => setTimeout(resolve, 400)))
      .then(() => page.evaluate(links))
      .catch(() => []);
    if (
      !found
        .slice(0, FIRST)
        .some((/** @type {string} */ url) => expected.test(url))
    )
      problems.push(
        `${word}: expected ${expected} among the first ${FIRST}, got ${found.slice(0, FIRST).join(" ") || "nothing"}`,
      );
    await page.keyboard.press("Escape");
    await page.waitForFunction("!document.querySelector('.search-input')", {
      timeout: PATIENCE,
    });
  }
  await page.close();
  return problems;
}

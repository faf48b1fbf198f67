// Every page of the playground, and some of the docs: no errors, nothing loaded from elsewhere, axe finds nothing, no
// horizontal scroll at 360 px, and what the page is for works when it is used.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { PATIENCE } from "../everywhere/hosts/net.mjs";

const require = createRequire(new URL("../../site/", import.meta.url));

/** What is done on a page, and what must be there then. @type {Readonly<Record<string, (page: any) => Promise<unknown>>>} */
const USES = {
  "play/open.html": async (page) => {
    await page.click(".examples button");
    await page.waitForSelector("[data-output]", { timeout: PATIENCE });
  },
  "play/gates.html": (page) =>
    page.waitForSelector(".equations dd", { timeout: PATIENCE }),
  "play/gates.ko.html": (page) =>
    page.waitForSelector(".equations dd", { timeout: PATIENCE }),
  "play/learn.html": async (page) => {
    await page.waitForSelector("[data-ready]", { timeout: PATIENCE });
    await page.click("button.primary");
    await page.waitForSelector("[data-learning]", { timeout: PATIENCE });
    await page.waitForSelector(".chart svg", { timeout: PATIENCE });
  },
  "play/race.html": async (page) => {
    await page.waitForSelector("[data-ready]", { timeout: PATIENCE });
    await page.click("button.primary");
    await page.waitForFunction(
      "document.querySelectorAll('.lane').length === 4",
      { timeout: PATIENCE },
    );
    await page.waitForFunction("!document.querySelector('.lane .error')", {
      timeout: 100,
    });
  },
  "play/hear.html": async (page) => {
    await page.waitForSelector("button.primary", { timeout: PATIENCE });
    await page.click("button.primary");
    await page.waitForFunction(
      "/µs|ms/.test(document.querySelector('.figures div:nth-child(2) dd').textContent)",
      { timeout: PATIENCE },
    );
  },
  "play/read.html": async (page) => {
    await page.waitForSelector("[data-ready]", { timeout: PATIENCE });
    await page.click("button.primary");
    await page.waitForFunction(
      "/lines in .* sure/.test(document.querySelector('[data-read]').textContent)",
      { timeout: PATIENCE },
    );
  },
  "play/write.html": (page) =>
    page.waitForSelector("[data-texts] li", { timeout: PATIENCE }),
};

export const PAGES = [
  "",
  "play/",
  ...Object.keys(USES),
  "docs/",
  "docs/start/pytorch.html",
  "docs/formats/matrix.html",
  "docs/recipes.html",
  "docs/training.html",
  "docs/changelog.html",
  "reference/",
  "reference/gatewise/classes/LSTM.html",
];

/** The first page is read before anything else of the site is. */
const FIRST_PAGE = 200_000;

/** @param {any} browser @param {string} origin */
export async function checkPages(browser, origin) {
  const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  /** @type {string[]} */
  const problems = [];
  for (const name of PAGES) {
    const page = await browser.newPage();
    const say = (/** @type {string} */ text) =>
      problems.push(`${name || "home"}: ${text}`);
    page.on("pageerror", (/** @type {Error} */ error) => say(String(error)));
    page.on("console", (/** @type {any} */ message) => {
      if (message.type() === "error") say(message.text());
    });
    page.on("request", (/** @type {any} */ request) => {
      const url = request.url();
      if (/^https?:/.test(url) && !url.startsWith(origin))
        say(`asks for ${url}`);
    });
    try {
      await page.setViewport({ width: 1280, height: 900 });
      await page.goto(origin + name, {
        waitUntil: "networkidle2",
        timeout: PATIENCE,
      });
      if (name === "") await checkWeight(page, say);
      const started = performance.now();
      await USES[name]?.(page);
      const took = performance.now() - started;
      await page.evaluate(axe);
      // what changes its colour slowly would be measured on the way
      await page.addStyleTag({ content: "* { transition: none !important }" });
      for (const scheme of ["light", "dark"]) {
        await page.evaluate(
          `document.documentElement.classList.toggle("dark", ${scheme === "dark"})`,
        );
        await page.evaluate(
          "new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100)))",
        );
        const violations = await page.evaluate(
          "axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.target).slice(0, 3).join(' ')}`))",
        );
        for (const violation of violations) say(`axe, ${scheme}, ${violation}`);
      }
      await page.setViewport({ width: 360, height: 740 });
      const width = await page.evaluate("document.documentElement.scrollWidth");
      if (width > 360) say(`${width} pixels wide at 360`);
      const kB = await page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].reduce((sum, e) => sum + e.encodedBodySize, 0) / 1000",
      );
      const first = await page.evaluate(
        "[...document.querySelectorAll('.figures div')].find((each) => each.querySelector('dt').textContent === 'first result')?.querySelector('dd').textContent ?? ''",
      );
      const used = USES[name] ? `  used in ${took.toFixed(0)} ms` : "";
      console.log(
        `  ${(name || "home").padEnd(40)} ${kB.toFixed(0).padStart(6)} kB${used}${first && `, first result in ${first}`}`,
      );
    } catch (error) {
      say(String(error));
    } finally {
      await page.close();
    }
  }
  return problems;
}

/** @param {any} page @param {(text: string) => void} say */
async function checkWeight(page, say) {
  const bytes = await page.evaluate(
    "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].filter((e) => e.initiatorType !== 'other').reduce((sum, e) => sum + e.encodedBodySize, 0)",
  );
  if (bytes > FIRST_PAGE) say(`${bytes} bytes, expected at most ${FIRST_PAGE}`);
}

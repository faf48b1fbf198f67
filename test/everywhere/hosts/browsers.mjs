// Chromium and Firefox, driven by puppeteer-core: Chromium over the DevTools protocol, Firefox over WebDriver BiDi.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PATIENCE } from "./net.mjs";
import { BROWSER_PAGES, measuresOf, placesOf } from "./pages.mjs";
import { firstOf, inPackages, load, versionIn } from "./runtimes.mjs";
import { serve } from "./server.mjs";

/** @typedef {import("./host.mjs").Host} Host */

const puppeteer = inPackages("puppeteer-core/package.json");

/**
 * @param {string} name
 * @param {string | undefined} program
 * @param {Record<string, unknown>} options
 * @returns {Host}
 */
const browser = (name, program, options) => ({
  name,
  program: puppeteer && program,
  open: async ({ folder }) => {
    const launched = await launch(String(program), options);
    const { origin, close } = await serve(folder);
    const answer = async (/** @type {string} */ path) => {
      const page = await launched.browser.newPage();
      try {
        /** @type {string[]} */
        const errors = [];
        page.on("pageerror", (/** @type {Error} */ error) =>
          errors.push(String(error)),
        );
        await page.goto(origin + path, { timeout: PATIENCE });
        return await page
          .evaluate("globalThis.answer")
          .then((/** @type {unknown} */ report) => {
            if (report) return report;
            throw new Error(errors.join("; ") || "no answer");
          });
      } finally {
        await page.close();
      }
    };
    return {
      version: versionIn(await launched.browser.version()),
      places: placesOf(answer),
      ...measuresOf(answer),
      pages: BROWSER_PAGES,
      opens: ".html",
      show: async (program) => {
        const page = await launched.browser.newPage();
        try {
          await page.goto(`${origin}/${program.folder}/${program.entry}`, {
            timeout: PATIENCE,
          });
          await page.waitForFunction(
            "document.querySelector('output').textContent",
            { timeout: PATIENCE },
          );
          return await page.evaluate(
            "document.querySelector('output').textContent",
          );
        } finally {
          await page.close();
        }
      },
      close: async () => {
        await launched.close();
        await close();
      },
    };
  },
});

/**
 * A browser with an empty profile.
 *
 * @param {string} program
 * @param {Record<string, unknown>} options
 */
export async function launch(program, options) {
  const { default: driver } = await load("puppeteer-core");
  const profile = await mkdtemp(join(tmpdir(), "gatewise-browser-"));
  const browser = await driver.launch({
    executablePath: program,
    userDataDir: profile,
    headless: true,
    protocolTimeout: PATIENCE,
    timeout: PATIENCE,
    ...options,
  });
  return {
    browser,
    close: async () => {
      await browser.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Without these, Chromium looks for its maker's hosts at every start. */
export const chromium = {
  program: firstOf("/usr/bin/chromium"),
  options: {
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};

export const firefox = {
  program: firstOf("/usr/bin/firefox-esr"),
  options: { browser: "firefox" },
};

export const browsers = [
  browser("Chromium", chromium.program, chromium.options),
  browser("Firefox", firefox.program, firefox.options),
];

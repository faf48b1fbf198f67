// Lighthouse's figures of every page of the playground.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { PAGES } from "./pages.mjs";

const require = createRequire(new URL("../../site/", import.meta.url));
const LEAST = 95;

/** @param {any} browser @param {string} origin */
export async function measureLighthouse(browser, origin) {
  const { href } = pathToFileURL(require.resolve("lighthouse"));
  const { default: lighthouse, desktopConfig: desktop } = await import(href);
  const categories = ["performance", "accessibility", "best-practices"];
  for (const name of PAGES) {
    const page = await browser.newPage();
    const result = await lighthouse(
      origin + name,
      { onlyCategories: categories, logLevel: "error" },
      // a desktop's screen, network (10 Mbit/s) and processor
      desktop,
      page,
    );
    const scores = categories.map((id) =>
      Math.round(100 * result.lhr.categories[id].score),
    );
    console.log(`  ${(name || "home").padEnd(40)} ${scores.join("  ")}`);
    if (Math.min(...scores) < LEAST) {
      process.exitCode = 1;
      for (const { id, score, title } of Object.values(result.lhr.audits))
        if (score !== null && score < 0.9) console.error(`    ${id}: ${title}`);
    }
    await page.close();
  }
}

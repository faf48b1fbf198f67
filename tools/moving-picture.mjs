// docs/playground.webp: the gates page of the built site, scrubbed through time, as the README shows it.
//
//     npm run site && node tools/moving-picture.mjs
//
// Needs Chromium and puppeteer-core (tools/install-runtimes.sh) and ImageMagick.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "../site/serve.mjs";
import { chromium, launch } from "../test/everywhere/hosts/browsers.mjs";

const path = (/** @type {string} */ name) =>
  fileURLToPath(new URL(`../${name}`, import.meta.url));
const out = path("docs/playground.webp");
const MOST = 500_000; // bytes that git and a reader's first page should bear
const FRAMES = 24;

const { origin, close } = await serve(path("site/dist"), 0);
const { browser, close: quit } = await launch(
  String(chromium.program),
  chromium.options,
);
const folder = mkdtempSync(join(tmpdir(), "gatewise-picture-"));
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1000, height: 760 });
  await page.goto(`${origin}play/gates.html`, { waitUntil: "networkidle2" });
  await page.waitForSelector(".equations dd");
  // the cells alone: neither the site's bars nor its words
  await page.addStyleTag({
    content:
      ".VPNav, .VPSidebar, .VPLocalNav, .play h1, .play h1 ~ p, .knobs, .card > p.row { display: none !important } .VPContent { padding: 0 !important }",
  });
  const frames = [];
  for (let i = 0; i < FRAMES; i++) {
    await page.$eval(
      ".knobs input",
      (/** @type {any} */ slider, /** @type {number} */ step) => {
        slider.value = step;
        slider.dispatchEvent(new Event("input"));
      },
      2 * i,
    );
    await page.evaluate("scrollTo(0, 0)");
    const file = join(folder, `${String(i).padStart(2, "0")}.png`);
    await page.screenshot({ path: file });
    frames.push(file);
  }
  execFileSync("convert", [
    "-delay",
    "18",
    "-loop",
    "0",
    ...frames,
    "-resize",
    "800x",
    "-quality",
    "60",
    "-define",
    "webp:method=6",
    out,
  ]);
} finally {
  rmSync(folder, { recursive: true });
  await quit();
  close();
}
const { size } = statSync(out);
console.log(`${out}: ${size} bytes`);
if (size > MOST) throw new Error(`expected at most ${MOST} bytes, got ${size}`);

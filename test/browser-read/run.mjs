// Checks examples/read in Chromium and Firefox, and its program in Node:
//
//     npm run build && npm run test:read
//
// Browsers and puppeteer-core come from tools/install-runtimes.sh, English from Debian's tesseract-ocr-eng; what is absent
// is skipped by name, and is an error under CI=true.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, launch } from "../everywhere/hosts/browsers.mjs";
import { PATIENCE } from "../everywhere/hosts/net.mjs";
import { firstOf, inPackages } from "../everywhere/hosts/runtimes.mjs";

const MODEL = "/usr/share/tesseract-ocr/5/tessdata/eng.traineddata";
const hosts = [
  { name: "Chromium", ...chromium },
  {
    name: "Firefox",
    program: firstOf("/usr/bin/firefox-esr"),
    options: { browser: "firefox" },
  },
];

const path = (/** @type {string} */ name) =>
  fileURLToPath(new URL(`../../${name}`, import.meta.url));
/** Without its empty lines. */
const expected = readFileSync(path("examples/read/page.txt"), "utf8")
  .split("\n")
  .filter(Boolean);

/** What a user may give the page, in order, and what it says then. @type {readonly (readonly [string, string, RegExp])[]} */
const FILES = [
  ["#image", "test/tesseract/fixtures/fra.png", /^1 line in \d+ ms, /],
  ["#image", "package.json", /Error/],
  ["#model", "package.json", /^FormatError: byte 0: /],
  ["#image", "test/tesseract/fixtures/deu.png", /^1 line in \d+ ms, /],
];

function skip(/** @type {string} */ name) {
  console.log(`${name}: not installed, skipped`);
  if (process.env["CI"] === "true") process.exitCode = 1;
}

function report(
  /** @type {string} */ name,
  /** @type {readonly string[]} */ problems,
  /** @type {string} */ figures,
) {
  console.log(`${name}: ${problems.join("; ") || "passed"} (${figures})`);
  if (problems.length) process.exitCode = 1;
}

/** How a text differs from the page's. */
function compare(/** @type {readonly string[]} */ lines) {
  return expected.flatMap((line, i) =>
    lines[i] === line ? [] : [`line ${i}: expected ${line}, got ${lines[i]}`],
  );
}

if (existsSync(MODEL)) {
  const program = path("examples/read/read.mjs");
  const args = [program, path("examples/read/page.png")];
  const output = execFileSync(process.execPath, args, { encoding: "utf8" });
  report("Node", compare(output.split("\n")), `${expected.length} lines`);
  await inBrowsers();
} else skip("tesseract-ocr-eng");

async function inBrowsers() {
  const server = spawn(process.execPath, [path("examples/read/serve.mjs")], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(server.stdout, "data");
  const origin = String(line).trim();
  try {
    for (const { name, program, options } of hosts) {
      if (!program || !inPackages("puppeteer-core/package.json")) {
        skip(name);
        continue;
      }
      const { browser, close } = await launch(program, options);
      try {
        const page = await browser.newPage();
        await page.goto(origin);
        const { problems, said } = await use(page);
        report(name, problems, said.join(" "));
      } finally {
        await close();
      }
    }
  } finally {
    server.kill();
  }
}

/**
 * Uses the page as a user does.
 *
 * @param {any} page
 */
async function use(page) {
  const problems = [];
  const first = await message(page);
  const said = [first];
  if (!/^English is ready, after \d+ ms\./.test(first))
    problems.push(`at the start: ${first}`);
  await clear(page);
  await page.click("#example");
  said.push(await message(page));
  const lines = await page.evaluate(
    "[...document.querySelectorAll('#text div')].map((line) => line.textContent)",
  );
  problems.push(...compare(lines));
  const sure = await page.evaluate(
    "[...document.querySelectorAll('#text span')].filter((span) => /^(9\\d\\.\\d|100\\.0) %$/.test(span.title)).length",
  );
  const characters = expected.join("").length;
  if (sure < 0.95 * characters)
    problems.push(`${sure} of ${characters} characters above 90 %`);
  for (const [input, file, expects] of FILES) {
    await clear(page);
    const element = await page.$(input);
    await element.uploadFile(path(file));
    const text = await message(page);
    if (!expects.test(text))
      problems.push(`${file}: expected ${expects}, got ${text}`);
  }
  return { problems, said };
}

/** @param {any} page */
function clear(page) {
  return page.evaluate("document.querySelector('#message').textContent = ''");
}

/** What the page says, as soon as it says anything. @param {any} page @returns {Promise<string>} */
async function message(page) {
  const text = "document.querySelector('#message').textContent";
  await page.waitForFunction(text, { timeout: PATIENCE });
  return page.evaluate(text);
}

// Drops every file of ../shared/conformance/models into Open a model, with the cases beside it, and reads what the page
// says: the same numbers within the file's tolerance, or a refusal where one is right.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PATIENCE } from "../everywhere/hosts/net.mjs";

const folder = fileURLToPath(
  new URL("../../../shared/conformance/models/", import.meta.url),
);

/** Files whose layers make no model by themselves, with options that say more or without any. */
const torchCases = () => {
  const file = `${folder}torch/cases.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
};

/** @typedef {{ file: string, cases: string | null, options: object, may: "right" | "refused" | "either" }} Drop */

/** @returns {Drop[]} */
function drops() {
  /** @type {Drop[]} */
  const all = [];
  for (const kind of ["onnx", "keras", "rtneural", "tflite"])
    for (const name of readdirSync(folder + kind)) {
      if (name.endsWith(".safetensors")) continue;
      const file = `${folder}${kind}/${name}`;
      const beside = file.replace(/\.[^.]*$/, ".safetensors");
      // weights alone, of two networks: nothing says how they follow each other
      const refused = /refused|dtln_model\.h5/.test(name);
      // smartamppro's windows are rows here; TensorFlow Lite may or may not be read
      const may = refused ? "refused" : kind === "tflite" ? "either" : "right";
      all.push({
        file,
        cases: existsSync(beside) ? beside : null,
        options: {},
        may,
      });
    }
  for (const { file, verdict, options } of torchCases()) {
    const path = `${folder}torch/${file}`;
    const beside = path.replace(/\.[^.]*$/, ".safetensors");
    // without options a file may be opened with a warning, or refused: with them it has to be right
    const may = /^right$|^right-last$|^parameters$/.test(verdict)
      ? "right"
      : Object.keys(options).length
        ? "right"
        : "either";
    all.push({
      file: path,
      cases: existsSync(beside) ? beside : null,
      options,
      may,
    });
  }
  return all;
}

/** @param {any} browser @param {string} origin */
export async function openModels(browser, origin) {
  if (!existsSync(folder)) {
    console.log("  ../shared/conformance/models: not there, skipped");
    return [];
  }
  /** @type {string[]} */
  const problems = [];
  let right = 0;
  let refused = 0;
  const page = await browser.newPage();
  page.on("pageerror", (/** @type {Error} */ error) =>
    problems.push(String(error)),
  );
  for (const drop of drops()) {
    const name = drop.file.slice(folder.length);
    try {
      const said = await open(page, origin, drop);
      if (said.refused) {
        refused++;
        if (drop.may === "right")
          problems.push(`${name}: refused, ${said.refused}`);
      } else if (drop.may === "refused")
        problems.push(`${name}: opened, expected a refusal`);
      else if (said.problem) {
        if (drop.may === "right") problems.push(`${name}: ${said.problem}`);
      } else right++;
    } catch (error) {
      problems.push(`${name}: ${error}`);
    }
  }
  console.log(
    `  ${right} files give the numbers of their frameworks, ${refused} are refused`,
  );
  await page.close();
  return problems;
}

/** @param {any} page @param {string} origin @param {Drop} drop @returns {Promise<{ refused?: string, problem?: string }>} */
async function open(page, origin, { file, cases, options }) {
  await page.goto(`${origin}play/open.html`, {
    waitUntil: "domcontentloaded",
    timeout: PATIENCE,
  });
  await page.waitForSelector("[data-ready]", { timeout: PATIENCE });
  await (await page.$("#model-file")).uploadFile(file);
  await page.waitForSelector("[data-opened], [data-refused]", {
    timeout: PATIENCE,
  });
  if (Object.keys(options).length) {
    await page.evaluate(
      "document.querySelector('details.options').open = true",
    );
    await page.waitForSelector("#reader-options", { timeout: PATIENCE });
    await page.$eval(
      "#reader-options",
      (/** @type {any} */ area, /** @type {string} */ text) => {
        area.value = text;
        area.dispatchEvent(new Event("input"));
      },
      JSON.stringify(options),
    );
    await page.click("details.options button");
    await page
      .waitForFunction(
        "!document.querySelector('[data-opened], [data-refused]')",
        { timeout: 500 },
      )
      .catch(() => undefined);
    await page.waitForSelector("[data-opened], [data-refused]", {
      timeout: PATIENCE,
    });
  }
  if (await page.$("[data-refused]"))
    return {
      refused: await page.$eval(
        "[data-refused] .reason",
        (/** @type {any} */ e) => e.textContent,
      ),
    };
  if (!cases) return {};
  await (
    await page.waitForSelector("#cases-file", { timeout: PATIENCE })
  ).uploadFile(cases);
  await page.waitForSelector("[data-verdict]", { timeout: PATIENCE });
  const verdict = await page.$eval(
    "[data-verdict]",
    (/** @type {any} */ e) => e.textContent,
  );
  if (/✗|expected/.test(verdict))
    return { problem: verdict.replace(/\s+/g, " ") };
  return QUANTISED.test(file) ? await quantised(page) : {};
}

/** A graph with states, and a chain. */
const QUANTISED = /onnx.dtln_model_1\.onnx|full_model\.json/;

/** Clicks Quantise, and reads what it says. @param {any} page @returns {Promise<{ problem?: string }>} */
async function quantised(page) {
  await page.evaluate(
    "[...document.querySelectorAll('button')].find((button) => button.textContent.trim() === 'Quantise').click()",
  );
  const said = await page.waitForSelector("[data-quantised], .error", {
    timeout: PATIENCE,
  });
  const text = await said.evaluate(
    (/** @type {any} */ e) => e.parentElement.textContent,
  );
  return /kB → .*times as fast/s.test(text)
    ? {}
    : { problem: `Quantise: ${text.replace(/\s+/g, " ")}` };
}

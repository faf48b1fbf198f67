// WebKit: its own driver with its MiniBrowser on a virtual screen, driven by selenium-webdriver.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { ask, freePort, PATIENCE } from "./net.mjs";
import { BROWSER_PAGES, measuresOf, placesOf } from "./pages.mjs";
import { firstOf, inPackages, load } from "./runtimes.mjs";
import { serve } from "./server.mjs";

const driver = firstOf("/usr/bin/WebKitWebDriver");
const screen = firstOf("/usr/bin/Xvfb");
const selenium = inPackages("selenium-webdriver/package.json");

/** Waits for the report of a page: done(report), or done({ error }). */
const WAIT = `
  const done = arguments[arguments.length - 1];
  const wait = () => globalThis.answer
    ? globalThis.answer.then(done, (error) => done({ error: String(error) }))
    : setTimeout(wait, 20);
  wait();`;

/** A virtual screen of its own; returns its name. */
async function openScreen() {
  const server = spawn(
    String(screen),
    ["-displayfd", "3", "-screen", "0", "1024x768x24", "-nolisten", "tcp"],
    { stdio: ["ignore", "ignore", "ignore", "pipe"] },
  );
  const lines = createInterface({
    input: /** @type {import("node:stream").Readable} */ (server.stdio[3]),
  });
  const [display] = await Promise.race([
    once(lines, "line"),
    once(server, "exit").then(() => Promise.reject(new Error("Xvfb ended"))),
  ]);
  return { display: `:${display}`, server };
}

/** @type {import("./host.mjs").Host} */
export const webkit = {
  name: "WebKit",
  program: screen && selenium && driver,
  open: async ({ folder }) => {
    const { Builder, Capabilities } = (await load("selenium-webdriver"))
      .default;
    const { display, server } = await openScreen();
    const port = await freePort();
    const service = spawn(String(driver), [`--port=${port}`], {
      env: {
        ...process.env,
        DISPLAY: display,
        // its sandbox makes namespaces, which containers forbid
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
        LIBGL_ALWAYS_SOFTWARE: "1",
      },
      stdio: "ignore",
    });
    const url = `http://127.0.0.1:${port}`;
    await ask(`${url}/status`);
    const session = await new Builder()
      .usingServer(url)
      .withCapabilities(new Capabilities({ browserName: "MiniBrowser" }))
      .build();
    await session
      .manage()
      .setTimeouts({ script: PATIENCE, pageLoad: PATIENCE });
    const { origin, close } = await serve(folder);
    const answer = async (/** @type {string} */ path) => {
      await session.get(origin + path);
      const report = await session.executeAsyncScript(WAIT);
      if ("error" in report) throw new Error(report.error);
      return report;
    };
    const capabilities = await session.getCapabilities();
    return {
      version: capabilities.getBrowserVersion(),
      // its Content Security Policy does not reach worklets
      places: placesOf(answer, ["simd", "js"], ["CSP, AudioWorklet"]),
      pool: measuresOf(answer).pool, // without SharedArrayBuffer no clock for audio
      pages: BROWSER_PAGES,
      opens: ".html",
      show: async (program) => {
        await session.get(`${origin}/${program.folder}/${program.entry}`);
        const text = () =>
          session.executeScript(
            "return document.querySelector('output').textContent",
          );
        await session.wait(text, PATIENCE);
        return text();
      },
      close: async () => {
        await session.quit();
        service.kill();
        server.kill();
        await close();
      },
    };
  },
};

// Browsers with a microphone that is a file, with one that is refused, and with none.
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, launch } from "../everywhere/hosts/browsers.mjs";
import { firstOf, inPackages } from "../everywhere/hosts/runtimes.mjs";

const firefox = firstOf("/usr/bin/firefox-esr");

/** @param {readonly string[]} flags */
const chromiumWith = (...flags) => ({
  ...chromium.options,
  args: [
    ...chromium.options.args,
    "--autoplay-policy=no-user-gesture-required",
    ...flags,
  ],
});

/** @param {Record<string, unknown>} prefs */
const firefoxWith = (prefs) => ({
  browser: "firefox",
  extraPrefsFirefox: { "media.autoplay.default": 0, ...prefs },
});

/**
 * @typedef {"heard" | "refused" | "absent"} Microphone
 * @typedef {{ name: string, program: string | undefined, options: (microphone: Microphone, wav: string) => Record<string, unknown> }} Host
 */

/** @type {readonly Host[]} */
export const hosts = [
  {
    name: "Chromium",
    program: chromium.program,
    options: (microphone, wav) =>
      ({
        heard: () =>
          chromiumWith(
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            `--use-file-for-fake-audio-capture=${wav}`,
          ),
        refused: () =>
          chromiumWith(
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream=deny",
          ),
        absent: () => chromiumWith("--use-fake-ui-for-media-stream"),
      })[microphone](),
  },
  {
    // its fake microphone hums; `hear` in pages.mjs gives it the file
    name: "Firefox",
    program: firefox,
    options: (microphone) =>
      ({
        heard: () =>
          firefoxWith({
            "media.navigator.streams.fake": true,
            "media.navigator.permission.disabled": true,
          }),
        refused: () =>
          firefoxWith({
            "media.navigator.streams.fake": true,
            "permissions.default.microphone": 2,
          }),
        // the silent sound card has a microphone too
        absent: () => ({
          ...firefoxWith({ "media.navigator.permission.disabled": true }),
          env: { ...process.env, PULSE_SERVER: "none" },
        }),
      })[microphone](),
  },
];

/**
 * A sound card that nobody hears: without one, Firefox's contexts stay suspended. Ended by its own process.
 *
 * @returns {{ stop(): void } | null} null where there is no pulseaudio
 */
export function silentSound() {
  const program = firstOf("/usr/bin/pulseaudio");
  if (!program) return null;
  const folder = mkdtempSync(join(tmpdir(), "gatewise-sound-"));
  const socket = join(folder, "socket");
  const sound = spawn(
    program,
    [
      "-n",
      "--daemonize=no",
      "--exit-idle-time=-1",
      "--log-level=error",
      "-L",
      `module-native-protocol-unix socket=${socket} auth-anonymous=1`,
      "-L",
      "module-null-sink sink_name=silent",
    ],
    {
      env: {
        ...process.env,
        PULSE_RUNTIME_PATH: folder,
        PULSE_STATE_PATH: folder,
        PULSE_COOKIE: join(folder, "cookie"),
      },
      stdio: "ignore",
    },
  );
  process.env["PULSE_SERVER"] = `unix:${socket}`;
  return { stop: () => void sound.kill() };
}

/**
 * Runs in a browser with such a microphone; false where it is not installed.
 *
 * @template T
 * @param {Host} host @param {Microphone} microphone @param {string} wav
 * @param {(page: any) => Promise<T>} use
 */
export async function inBrowser({ program, options }, microphone, wav, use) {
  if (!program || !inPackages("puppeteer-core/package.json")) return null;
  const { browser, close } = await launch(program, options(microphone, wav));
  try {
    return await use(await browser.newPage());
  } finally {
    await close();
  }
}

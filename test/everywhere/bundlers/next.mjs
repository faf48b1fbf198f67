// Next: one app that runs the library in a server component, in a client component, and in an edge route.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ask, freePort } from "../hosts/net.mjs";
import { inPackages, output } from "../hosts/runtimes.mjs";
import { repository } from "../stage.mjs";
import { IN_PACKAGE, pageApp, write } from "./apps.mjs";

export const next = inPackages(".bin/next");

/** The versions that tools/runtimes fixes. */
async function packages() {
  const { dependencies } = JSON.parse(
    await readFile(join(repository, "tools/runtimes/package.json"), "utf8"),
  );
  return ["next", "react", "react-dom"].map(
    (name) => `${name}@${dependencies[name]}`,
  );
}

/**
 * Builds and starts the app.
 *
 * @param {string} cwd
 * @param {string} app
 */
export async function startNext(cwd, app) {
  // Next and its compiler have to lie in the application's own folder
  await output(
    "npm",
    ["install", "--silent", "--prefer-offline", ...(await packages())],
    { cwd },
  );
  await write(cwd, {
    "lib/answer.js": app,
    "main.js": pageApp(app, IN_PACKAGE),
    "app/layout.js": `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`,
    "app/page.js": `import { answer } from "../lib/answer.js";
import { Client } from "./client.js";
export default function Page() {
  return <><pre id="server">{JSON.stringify(answer)}</pre><Client /></>;
}
`,
    "app/client.js": `"use client";
import { useEffect, useState } from "react";
export function Client() {
  const [text, setText] = useState("");
  useEffect(() => {
    import("../main.js").then(async () => {
      setText(JSON.stringify(await globalThis.answer));
    });
  }, []);
  return <pre id="client">{text}</pre>;
}
`,
    "app/edge/route.js": `import { answer } from "../../lib/answer.js";
export const runtime = "edge";
export const dynamic = "force-dynamic";
export const GET = () => Response.json(answer);
`,
  });
  const program = join(cwd, "node_modules/.bin/next");
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  await output(program, ["build"], { cwd, env });
  const port = await freePort();
  const server = spawn(program, ["start", "--port", String(port)], {
    cwd,
    env,
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  const origin = `http://localhost:${port}`;
  const html = await (await ask(`${origin}/`)).text();
  const [, escaped = ""] = /<pre id="server">(.*?)<\/pre>/.exec(html) ?? [];
  return {
    url: `${origin}/`,
    server: JSON.parse(escaped.replaceAll("&quot;", '"')),
    edge: async () => (await ask(`${origin}/edge`)).json(),
    close: async () => {
      const exit = once(server, "exit");
      process.kill(-Number(server.pid));
      await exit;
    },
  };
}

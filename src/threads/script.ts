/* A thread in browsers, Deno and Bun: bundled into one file, dist/threads-script.js. */
import { serveTeam } from "./serve.js";

serveTeam(globalThis);

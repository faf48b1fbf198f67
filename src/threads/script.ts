/* A thread in browsers, Deno and Bun: bundled into one file, dist/threads-script.js. */
import { serveCrew } from "./serve.js";

serveCrew(globalThis);

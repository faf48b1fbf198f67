/* The script of workers in browsers, Deno and Bun, bundled into one file, dist/worker-script.js. */
import { serve } from "./channel.js";
import { createService } from "./service.js";

serve(globalThis, createService());

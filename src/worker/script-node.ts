/// <reference types="node" />
/* The script of a worker of node:worker_threads; also works in a web Worker of the same host, which has no parent port. */
import { parentPort } from "node:worker_threads";
import { serve } from "./channel.js";
import { createService } from "./service.js";

serve(parentPort ?? globalThis, createService());

/// <reference types="node" />
/* The worker of node:worker_threads; in a web Worker of the same hosts, where there is no parent port, that. */
import { parentPort } from "node:worker_threads";
import { serve } from "./channel.js";
import { createService } from "./service.js";

serve(parentPort ?? globalThis, createService());

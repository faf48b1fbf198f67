// @ts-nocheck: imports a binary
// An edge worker whose bundler knows no condition of ours: gives the binary to init by hand.
import * as gatewise from "gatewise";
import { parse } from "gatewise/safetensors";
import module from "gatewise/simd.wasm";
import { report } from "./report.mjs";
import { now } from "./workerd.mjs";

const load = async () => {
  await gatewise.init({ module });
  return { gatewise, parse };
};

export default {
  async fetch() {
    return Response.json(await report(load, now));
  },
};

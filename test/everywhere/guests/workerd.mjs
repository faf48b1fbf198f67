// A Cloudflare Worker: answers a request with the report. No init: the package's entry for workerd has imported its
// binaries.
import * as gatewise from "gatewise";
import { parse } from "gatewise/safetensors";
import { report } from "./report.mjs";

/** The clock stands still between events. */
export const now = async () => {
  await new Promise((resolve) => setTimeout(resolve, 0));
  return Date.now();
};

export default {
  async fetch() {
    return Response.json(await report(async () => ({ gatewise, parse }), now));
  },
};

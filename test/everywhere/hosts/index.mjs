import { browsers } from "./browsers.mjs";
import { nodes } from "./node.mjs";
import { realms } from "./realms.mjs";
import { webkit } from "./webkit.mjs";
import { workerd } from "./workerd.mjs";

/** @type {readonly import("./host.mjs").Host[]} */
export const hosts = [...nodes, ...realms, workerd, ...browsers, webkit];

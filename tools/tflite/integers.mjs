// @ts-nocheck: see runner.mjs.
export const integers = {};

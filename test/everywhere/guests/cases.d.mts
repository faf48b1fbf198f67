/** Written by stage.mjs from test/fixtures/torch: the reference cases, each file as base64. */
export const cases: readonly { name: string; file: string }[];

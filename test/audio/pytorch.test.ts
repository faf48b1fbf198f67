import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/nam/index.js";
import { verify } from "../../src/formats/verify.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";

// Models that tools/make_amp_files.py wrote, with what PyTorch gives for them in float64.
const read = (name: string) =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url));

describe.each(backends)("on %s", (backend) => {
  const options = { tolerance: tolerances.equations };

  test.each(["amp.nam", "pedal.json"])("%s is PyTorch's", (name) => {
    const { model } = load(read(name), { backend });
    const cases = read(name.replace(/\.\w+$/, ".cases.json"));
    const { outputs } = verify(model, [JSON.parse(`${cases}`)], options);
    expect(outputs[0]?.numbers).toBe(48);
  });

  test("aida.json is PyTorch's, by the samples that it carries", () => {
    const { model, cases } = load(read("aida.json"), { backend });
    const { outputs } = verify(model, cases, options);
    expect(outputs[0]?.numbers).toBe(48);
  });
});

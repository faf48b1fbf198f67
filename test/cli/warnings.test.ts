import { expect, test } from "vitest";
import { LSTM } from "../../src/index.js";
import { serialize } from "../../src/safetensors.js";
import { openSession } from "./session.js";

const { run, put } = openSession();

/** A state dict, which does not tell what follows. */
const lstm = new LSTM({ inputSize: 2, hiddenSize: 3 });
const WARNING =
  /^lstm\.safetensors: warning: a state dict does not say how forward connects its layers: .*\n/;

test.each([
  ["inspect", "lstm.safetensors"],
  ["convert", "lstm.safetensors", "out.onnx", "--quiet"],
  ["run", "lstm.safetensors", "steps.csv", "out.csv", "--quiet"],
  ["run", "lstm.safetensors", "steps.npy", "out.npy", "--quiet"],
])("%s prints what its reader warns of on standard error", async (...args) => {
  put("lstm.safetensors", serialize(lstm.stateDict()));
  const { code, stderr, stdout } = await run(...args);
  expect(stderr).toMatch(WARNING);
  expect(code).toBe(0);
  // a pipe behind the program has its outputs alone
  if (args[0] !== "inspect") expect(stdout).toBe("");
});

test("a chain that is said is run without a word", async () => {
  put("lstm.safetensors", serialize(lstm.stateDict()));
  const chain = ["--option", 'chain=[""]'];
  const { stderr } = await run(
    "convert",
    "lstm.safetensors",
    "out.onnx",
    "--quiet",
    ...chain,
  );
  expect(stderr).toBe("");
});

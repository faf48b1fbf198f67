import { describe, expect, test } from "vitest";
import { writeNpz } from "../../src/formats/numpy/npz.js";
import { backend, chain, steps } from "./models.js";
import { openSession } from "./session.js";

const { run, start, put, expectFailure } = openSession();

describe("verify", () => {
  const outputs = chain.forward(steps).output;

  test("passes within the tolerance, and says the largest error", async () => {
    put(
      "case.npz",
      writeNpz(
        new Map([
          ["input", steps],
          ["output", outputs],
        ]),
      ),
    );
    const args = ["verify", "chain.safetensors", "case.npz", ...backend];
    const exact = await run(...args, "--tolerance", "0");
    expect(exact.code).toBe(0);
    const { code, stdout } = await run(...args);
    expect([code, stdout]).toEqual([
      0,
      "ok: output, 150 numbers, largest error 0.0 of 0.00001\n",
    ]);
  });

  test("fails beyond it", async () => {
    const data = outputs.data.map((y, i) => (i === 7 ? y + 0.25 : y));
    const cases = [
      { input: [[1, 2]], output: [[...chain.forward([[1, 2]]).output.data]] },
      {
        input: { shape: steps.shape, data: [...steps.data] },
        output: { shape: outputs.shape, data: [...data] },
      },
    ];
    put("cases.json", JSON.stringify(cases));
    const args = ["verify", "chain.safetensors", "cases.json", ...backend];
    const failed = await start(...args);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(
      /^FAILED: output, 153 numbers, largest error 0.25 of 0.00001, in case 1 at \[2, 1\]: expected /,
    );
    const json = await run(...args, "--json");
    expect(json.code).toBe(1);
    const result = JSON.parse(json.stdout);
    expect(result).toMatchObject({ cases: 2, passed: false, tolerance: 1e-5 });
    expect(result.outputs[0].error).toBeCloseTo(0.25);
    expect((await run(...args, "--tolerance", "0.3")).code).toBe(0);
  });

  test("takes what the file carries itself", async () => {
    const { code, stdout } = await run(
      "verify",
      "amp.json",
      "--json",
      ...backend,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      file: "amp.json",
      cases: 1,
      tolerance: 1e-5,
      passed: true,
      outputs: [{ name: "output", numbers: 3, error: 0 }],
    });
  });

  test("an output of another size is an error, not a small difference", async () => {
    put("size.json", JSON.stringify({ input: [[1, 2]], output: [1, 2] }));
    await expectFailure(
      ["verify", "chain.safetensors", "size.json"],
      1,
      'size.json: cases[0], "output": expected [2], got [1, 3]',
    );
  });
});

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load, parse } from "../../src/formats/torch/index.js";
import { FormatError, type Sequential } from "../../src/index.js";
import { parse as parseSafetensors } from "../../src/safetensors.js";
import { expectClose } from "../support/compare.js";

const folder = new URL(
  "../../../shared/conformance/models/torchscript/",
  import.meta.url,
);
const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(name, folder)));

function expectPolicy(model: Sequential): void {
  const { tensors } = parseSafetensors(read("unitree_h1_motion.safetensors"));
  const of = (start: string) =>
    Object.entries(tensors).find(([key]) => key.startsWith(start))![1];
  const frames = { shape: [25, 41], data: of("in/").data };
  const { output } = model.forward(frames);
  expectClose(output.data, of("out/").data, 2e-5, "actions");
}

describe.runIf(existsSync(folder))(
  "a policy of Unitree's as TorchScript (skipped where ../shared is absent)",
  () => {
    test("has the parameters and buffers of state_dict(), to the bit", () => {
      const file = read("unitree_h1_motion.pt");
      const { tensors, modules } = parse(file);
      const wanted = parseSafetensors(
        read("unitree_h1_motion.parameters.safetensors"),
      ).tensors;
      expect(Object.keys(tensors).sort()).toEqual(Object.keys(wanted).sort());
      for (const [name, { shape, data }] of Object.entries(wanted)) {
        expect(tensors[name]!.shape, name).toEqual(shape);
        // the list was taken after the run that changed the two states
        if (!name.endsWith("_state"))
          expect(tensors[name]!.data, name).toEqual(data);
      }
      expect(modules).toContain("actor.1");
    });

    test("is refused without options, and the chain that the refusal shows is right word for word", () => {
      const file = read("unitree_h1_motion.pt");
      const shown =
        '["memory", "actor.0", { activation: { name: "elu", alpha: 1 } }, "actor.2"]';
      expect(() => load(file)).toThrow(FormatError);
      expect(() => load(file)).toThrow(/hidden_state/);
      expect(() => load(file)).toThrow(`load(file, { chain: ${shown} })`);
      expect(() => load(file)).toThrow(
        "alpha of actor.1 is not in the file: 1 is PyTorch's default",
      );
      const chain = new Function(`return ${shown}`)();
      expectPolicy(load(file, { chain }).model);
    });

    test("wants to be told what its ELU is: the archive has no alpha", () => {
      const chain = ["memory", "actor.0", "actor.1", "actor.2"];
      expect(() => load(read("unitree_h1_motion.pt"), { chain })).toThrow(
        /^chain\[2\]: expected what actor\.1 \(ELU\) computes/,
      );
    });

    test("runs as options.chain says", () => {
      const { model, report } = load(read("unitree_h1_motion.pt"), {
        chain: ["memory", "actor.0", "elu", "actor.2"],
      });
      expectPolicy(model);
      expect(report.warnings).toEqual([]);
    });
  },
);

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load, parse } from "../../src/formats/torch/index.js";
import { parse as parseSafetensors } from "../../src/safetensors.js";
import { expectClose } from "../support/compare.js";

const folder = new URL(
  "../../../shared/conformance/models/torchscript/",
  import.meta.url,
);
const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(name, folder)));

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

    test("is refused without options, its ELU's module among what a chain may have", () => {
      expect(() => load(read("unitree_h1_motion.pt"))).toThrow(
        /hidden_state.*chain: \["actor.0", "actor.1", "actor.2", "memory"\]/,
      );
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
      const { tensors } = parseSafetensors(
        read("unitree_h1_motion.safetensors"),
      );
      const of = (start: string) =>
        Object.entries(tensors).find(([key]) => key.startsWith(start))![1];
      const input = of("in/");
      const frames = { shape: [25, 41], data: input.data };
      const { output } = model.forward(frames);
      expectClose(output.data, of("out/").data, 2e-5, "actions");
      expect(report.warnings).toEqual([]);
    });
  },
);

import fc from "fast-check";
import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { FormatError, load } from "../../src/formats/torch/index.js";
import {
  damaged,
  damages,
  expectPrototypesUnchanged,
  processorTime,
  runs,
} from "../support/fuzz.js";
import { readable, readFixture } from "./files.js";
import { torchFile } from "./pickles.js";

const files = readable.map((name) => readFixture(`${name}.pt`));

/** Reads the file or refuses it with a FormatError that names the place; soon. */
function readsOrRefuses(bytes: Uint8Array): "read" | "refused" {
  let result: "read" | "refused" = "read";
  const time = processorTime(() => {
    try {
      load(bytes, { checksums: false, maxBytes: 1e6 });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      expect(error.message).toMatch(
        /^((.*\/data\.pkl, )?byte \d+|zip|contents|state dict|(entry|storage|tensor) ".*"): ./s,
      );
      expect(error.message.length).toBeLessThan(3000);
      // layers that make no model were read all the same
      if (!error.report) result = "refused";
    }
  });
  expect(time).toBeLessThan(5000);
  return result;
}

expectPrototypesUnchanged();

describe("damaged files are read or refused", () => {
  test("anywhere in the file", () => {
    const count = { read: 0, refused: 0 };
    fc.assert(
      fc.property(damaged(files), (bytes) => {
        count[readsOrRefuses(bytes)]++;
      }),
      runs(4000),
    );
    // the search is of use only while both happen
    expect(count.read).toBeGreaterThan(200);
    expect(count.refused).toBeGreaterThan(2000);
  });

  test("in the pickle alone, the zip file around it whole", () => {
    const models = readable
      .filter((name) => !/^old-|deflated/.test(name))
      .map((name) => {
        const entries = Object.entries(unzipSync(readFixture(`${name}.pt`)));
        const pickle = entries.find(([path]) => path.endsWith("/data.pkl"))![1];
        const storages = entries
          .filter(([path]) => path.includes("/data/"))
          .map(([path, bytes]) => [path.split("/").at(-1), bytes]);
        return [pickle, Object.fromEntries(storages)] as const;
      });
    const count = { read: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.array(damages, { minLength: 1, maxLength: 2 }),
        ([pickle, storages], list) => {
          const bytes = list.reduce(
            (so, damage) => damage(so),
            pickle as Uint8Array,
          );
          count[readsOrRefuses(torchFile(bytes, storages))]++;
        },
      ),
      runs(4000),
    );
    expect(count.read).toBeGreaterThan(50);
    expect(count.refused).toBeGreaterThan(2000);
  });

  test("programs of any instructions", () => {
    const instructions = [
      ..."()NK\x01}]tedsulaRbcQqrhj012GXUM\x85\x86\x87\x8f\x90\x94",
    ];
    const code = fc.oneof(
      fc.constantFrom(...instructions).map((char) => [char.charCodeAt(0)]),
      fc.constantFrom(
        ...[
          "ctorch\nFloatStorage\n",
          "ccollections\nOrderedDict\n",
          "ctorch._utils\n_rebuild_tensor_v2\n",
          "ctorch\nSize\n",
          "X\x03\0\0\0abc",
          "K\x02",
          "q\0",
          "h\0",
          "((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0" +
            "0X\x03\0\0\0cpuK\x06tQ",
        ].map((text) => [...Buffer.from(text, "latin1")]),
      ),
      fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => [...bytes]),
    );
    fc.assert(
      fc.property(fc.array(code, { maxLength: 60 }), (parts) => {
        readsOrRefuses(torchFile(Uint8Array.from([...parts.flat(), 0x2e])));
      }),
      runs(5000),
    );
  });

  test("any bytes", () => {
    const starts = [[], [0x50, 0x4b, 3, 4], [0x80, 2], [0x80, 5]];
    fc.assert(
      fc.property(
        fc.constantFrom(...starts),
        fc.uint8Array({ maxLength: 300 }),
        (start, bytes) => {
          readsOrRefuses(Uint8Array.from([...start, ...bytes]));
        },
      ),
      runs(3000),
    );
  });
});

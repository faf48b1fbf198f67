/*
 * What a checkpoint holds beside its tensors, as every protocol of pickle writes it.
 */
import { expect, test } from "vitest";
import { parse } from "../../src/formats/torch/index.js";
import { ascii } from "./damage.js";
import { dictFile, op, tensorAs } from "./pickles.js";

/** As Python's pickletools names the instructions. */
test.each<[string, number[], string]>([
  ["NONE", ascii("N"), "None"],
  ["NEWTRUE", [0x88], "true"],
  ["NEWFALSE", [0x89], "false"],
  ["INT, true", ascii("I01\n"), "true"],
  ["INT, false", ascii("I00\n"), "false"],
  ["INT", ascii("I-12\n"), "-12"],
  ["LONG", ascii("L1208925819614629174706176L\n"), "a large integer"],
  ["BININT1", ascii("K\xff"), "255"],
  ["BININT2", ascii("M\xff\xfe"), `${0xfeff}`],
  ["BININT", ascii("J\xfe\xff\xff\xff"), "-2"],
  ["LONG1 of nothing", [0x8a, 0], "0"],
  ["LONG1 of a byte", [0x8a, 1, 5], "5"],
  ["LONG1", [0x8a, 2, 0, 0x80], "-32768"],
  ["LONG1 of a positive", [0x8a, 3, 0, 0x80, 0], "32768"],
  ["LONG4", [0x8b, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0xff], `${-(2 ** 40)}`],
  ["FLOAT", ascii("F-0.25\n"), "-0.25"],
  ["FLOAT, inf", ascii("F-inf\n"), "-Infinity"],
  ["BINFLOAT", ascii("G\x3f\xf8\0\0\0\0\0\0"), "1.5"],
  ["STRING", ascii("S'a\\x62\\'c'\n"), '"ab\'c"'],
  ["UNICODE", ascii("V\\u00e9t\xc3\xa9\n"), '"été"'],
  ["UNICODE of nothing", ascii("V\n"), '""'],
  ["BINSTRING", ascii("T\x02\0\0\0ab"), '"ab"'],
  ["SHORT_BINSTRING", ascii("U\x02ab"), '"ab"'],
  ["BINUNICODE", ascii("X\x02\0\0\0\xc3\xa9"), '"é"'],
  ["SHORT_BINUNICODE", [0x8c, 0], '""'],
  ["BINUNICODE8", [0x8d, 1, 0, 0, 0, 0, 0, 0, 0, 0x61], '"a"'],
  ["BINBYTES", ascii("B\x03\0\0\0abc"), "3 bytes"],
  ["SHORT_BINBYTES", ascii("C\x03abc"), "3 bytes"],
  ["BINBYTES8", [0x8e, 2, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x61], "2 bytes"],
  ["BYTEARRAY8", [0x96, 2, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x61], "2 bytes"],
])("%s", (_, literal, told) => {
  const file = dictFile({ w: tensorAs(), x: literal, y: op.int(7) });
  expect(parse(file).ignored).toEqual([`x: ${told}`, "y: 7"]);
});

test.each([
  "S12\n",
  "S'ab\n",
  "Sab'\n",
  "I1.5\n",
  "Ix\n",
  "LL\n",
  "F\n",
  "Fx\n",
])("a line that is no literal: %j", (line) => {
  const file = dictFile({ w: tensorAs(), x: ascii(line) });
  expect(() => parse(file)).toThrow("expected a number or text on a line");
});

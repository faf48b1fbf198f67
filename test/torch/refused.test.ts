import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FormatError, load, parse } from "../../src/formats/torch/index.js";
import { LSTM } from "../../src/index.js";
import { readFixture } from "./files.js";
import { dictFile, op, pickle, tensorAs, torchFile } from "./pickles.js";

const ascii = (text: string) => [...Buffer.from(text, "latin1")];

function refused(read: () => unknown): FormatError {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return error as FormatError;
  }
  return expect.fail("not refused");
}

const refusal = (file: Uint8Array): string =>
  refused(() => parse(file)).message;

describe("files by PyTorch that would run something", () => {
  const names: Record<string, string> = {
    "refused-system": "posix.system",
    "refused-system-old": "posix.system",
    "refused-eval": "__builtin__.eval",
    "refused-exec": "__builtin__.exec",
  };

  test.each(Object.entries(names))(
    "%s is refused by its name",
    (name, asked) => {
      const message = refusal(readFixture(`${name}.pt`));
      expect(message).toContain(
        `expected tensors and plain data, got ${asked}, which is neither looked up nor called`,
      );
      expect(message).toMatch(/^(refused-\w+\/data\.pkl, )?byte \d+: /);
      expect(existsSync("harmed")).toBe(false);
    },
  );
});

describe("files by PyTorch of objects", () => {
  test.each(["refused-module", "refused-module-old", "refused-script"])(
    "%s has the tensors of its module",
    (name) => {
      const { tensors } = parse(readFixture(`${name}.pt`));
      expect(Object.keys(tensors)).toEqual([
        "weight_ih_l0",
        "weight_hh_l0",
        "bias_ih_l0",
        "bias_hh_l0",
      ]);
      expect(tensors["weight_ih_l0"]!.shape).toEqual([12, 2]);
    },
  );

  test("a saved module is no model unless options.chain says its forward", () => {
    const file = readFixture("refused-module.pt");
    const error = refused(() => load(file));
    expect(error.message).toMatch(
      /got torch\.nn\.modules\.rnn\.LSTM, a module saved as a whole, .*torch\.save\(model\.state_dict\(\), "model\.pt"\).*chain: \["\(unnamed\)"\]/,
    );
    expect(error.layers![""]).toBeInstanceOf(LSTM);
    expect(load(file, { chain: [""] }).model.layers).toHaveLength(1);
  });

  test("an object of a class that is no module has none", () => {
    expect(refusal(readFixture("refused-packed.pt"))).toBe(
      "contents: expected a state dict, got an object of torch.nn.utils.rnn.PackedSequence without tensors",
    );
  });
});

describe("pickles by hand that ask for more than tensors", () => {
  const call = (module: string, name: string) => [
    ...op.global(module, name),
    ...op.tuple(op.text("touch harmed")),
    ...op.call,
  ];
  const forms: [string, Uint8Array][] = [
    ["GLOBAL", pickle(call("os", "system"))],
    ["GLOBAL, not called", pickle(op.list(op.global("os", "system")))],
    [
      "STACK_GLOBAL",
      pickle(op.text("os"), op.text("system"), [0x93], op.tuple(), op.call),
    ],
    ["INST", Uint8Array.from(ascii("(S'touch harmed'\nios\nsystem\n."))],
    ["OBJ", Uint8Array.from(ascii("(cos\nsystem\nS'touch harmed'\no."))],
    ["NEWOBJ", pickle(op.global("os", "system"), op.tuple(), [0x81])],
    ["protocol 0", Uint8Array.from(ascii("cos\nsystem\n(S'x'\ntR."))],
  ];

  test.each(forms)("%s", (_, data) => {
    expect(refusal(torchFile(data))).toMatch(
      /^a\/data\.pkl, byte \d+: expected tensors and plain data, got os\.system,/,
    );
  });

  test("beside tensors that are fine", () => {
    const file = dictFile({ a: tensorAs(), b: call("builtins", "eval") });
    expect(refusal(file)).toContain("got builtins.eval,");
  });

  test.each([
    ["builtins", "__import__"],
    ["builtins", "compile"],
    ["subprocess", "Popen"],
    ["nt", "system"],
    ["importlib", "import_module"],
  ])("%s.%s", (module, name) => {
    const message = refusal(torchFile(pickle(call(module, name))));
    expect(message).toContain(`got ${module}.${name},`);
  });

  test.each([
    ["builtins", "getattr"],
    ["torch.storage", "_load_from_bytes"],
    ["torch", "load"],
    ["torch._utils", "_rebuild_tensor_v2.__globals__"],
    ["numpy.core.multiarray", "_reconstruct"],
    ["collections.OrderedDict", "update"],
    ["constructor", "constructor"],
    ["torch", "constructor"],
    ["torch", "__proto__"],
  ])("%s.%s is a placeholder, which is counted", (module, name) => {
    const forms = [
      call(module, name),
      [...op.global(module, name), ...op.tuple(), 0x81],
      [...op.global(module, name), ...op.tuple(), ...op.dict(), 0x92],
    ];
    for (const form of forms) {
      const { tensors, ignored } = parse(dictFile({ a: tensorAs(), b: form }));
      expect(Object.keys(tensors)).toEqual(["a"]);
      expect(ignored).toEqual([
        `b: an object of ${module}.${name}`,
        `objects of Python, neither looked up nor called: ${module}.${name} 1`,
      ]);
    }
  });

  test("a placeholder takes whatever the program puts into it", () => {
    const made = call("some.package", "Settings");
    const full = [
      ...made,
      ...op.dict([op.text("state"), op.int(1)]),
      ...ascii("b"), // attributes
      ...op.text("key"),
      ...op.int(2),
      ...ascii("s"), // an entry
      ...op.int(3),
      ...ascii("a"), // an item
      ...ascii("("),
      ...op.int(4),
      0x90, // and those of a set
    ];
    const { ignored } = parse(dictFile({ a: tensorAs(), b: full }));
    expect(ignored[0]).toBe("b: an object of some.package.Settings");
  });

  test("a dict of another class is a dict", () => {
    const own = [
      ...call("lightning.utilities", "AttributeDict"),
      ...op.text("lstm.weight"),
      ...tensorAs(),
      ...ascii("s"),
    ];
    const { tensors } = parse(dictFile({ state_dict: own, b: op.int(1) }));
    expect(Object.keys(tensors)).toEqual(["lstm.weight"]);
  });

  test("names are shown on one line, and not at any length", () => {
    const message = refusal(
      torchFile(pickle(op.global("a\u001b[31m", "b".repeat(1000)))),
    );
    expect(message).toContain('got "a\\u001b[31m.bbb');
    expect(message.length).toBeLessThan(400);
  });

  test.each([
    ["a number", [...op.int(1), ...op.tuple(), ...op.call]],
    ["a dtype", [...op.global("torch", "float32"), ...op.tuple(), ...op.call]],
    [
      "a storage class",
      [...op.global("torch", "FloatStorage"), ...op.tuple(), ...op.call],
    ],
  ])("%s is not called", (_, parts) => {
    expect(refusal(torchFile(pickle(parts)))).toContain(
      "expected a class or a function to call, got ",
    );
  });

  test.each([
    [
      "attributes of a tensor",
      [...tensorAs(), ...op.dict(), ...ascii("b")],
      "expected an OrderedDict, got a tensor",
    ],
    ["an extension", [0x82, 1], "copyreg"],
    ["an out-of-band buffer", [0x97], "out-of-band"],
    [
      "a persistent id of text",
      ascii("P0\n"),
      'expected ("storage", type, key, device, count), got "0"',
    ],
    [
      "an unknown instruction",
      [0xff],
      "expected an instruction of a pickle, got 0xff",
    ],
    [
      "a newer protocol",
      [0x80, 6],
      "expected a pickle of at most protocol 5, got 6",
    ],
  ])("%s", (_, parts, message) => {
    expect(refusal(torchFile(pickle(parts)))).toContain(message);
  });
});

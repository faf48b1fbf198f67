import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FormatError, parse } from "../../src/formats/torch/index.js";
import { readFixture, refused } from "./files.js";
import { dictFile, op, pickle, tensorAs, torchFile } from "./pickles.js";

const ascii = (text: string) => [...Buffer.from(text, "latin1")];

function refusal(file: Uint8Array): string {
  try {
    parse(file);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as Error).message;
  }
  return expect.fail("not refused");
}

describe("files by PyTorch that hold more than tensors", () => {
  const names: Record<string, string> = {
    "refused-module": "torch.nn.modules.rnn.LSTM",
    "refused-module-old": "torch.nn.modules.rnn.LSTM",
    "refused-script": "__torch__.torch.nn.modules.rnn.LSTM",
    "refused-packed": "torch.nn.utils.rnn.PackedSequence",
    "refused-system": "posix.system",
    "refused-system-old": "posix.system",
    "refused-eval": "__builtin__.eval",
    "refused-exec": "__builtin__.exec",
  };

  test.each(refused)("%s is refused by its name", (name) => {
    const message = refusal(readFixture(`${name}.pt`));
    expect(message).toContain(
      `expected tensors and plain data, got ${names[name]}, which is neither looked up nor called`,
    );
    expect(message).toMatch(/^(refused-\w+\/data\.pkl, )?byte \d+: /);
    expect(existsSync("harmed")).toBe(false);
  });

  test("a TorchScript file is called one", () => {
    expect(refusal(readFixture("refused-script.pt"))).toContain("TorchScript");
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
    ["builtins", "getattr"],
    ["builtins", "__import__"],
    ["subprocess", "Popen"],
    ["torch.storage", "_load_from_bytes"],
    ["torch", "load"],
    ["torch._utils", "_rebuild_tensor_v2.__globals__"],
    ["numpy.core.multiarray", "_reconstruct"],
    ["collections", "defaultdict"],
    ["collections.OrderedDict", "update"],
    ["constructor", "constructor"],
    ["torch", "constructor"],
    ["torch", "__proto__"],
  ])("%s.%s", (module, name) => {
    const message = refusal(torchFile(pickle(call(module, name))));
    expect(message).toContain(`got ${module}.${name},`);
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
    ["an unknown instruction", [0xff], "0xff is no instruction of a pickle"],
    [
      "a newer protocol",
      [0x80, 6],
      "expected a pickle of protocol 5 at most, got 6",
    ],
  ])("%s", (_, parts, message) => {
    expect(refusal(torchFile(pickle(parts)))).toContain(message);
  });
});

/*
 * The instructions that hold a value: None, numbers, text and bytes.
 */
import type { Cursor } from "./cursor.js";
import { Op } from "./opcodes.js";

/** The result of `readLiteral` for an instruction that is not a literal. */
export const NO_LITERAL = Symbol();

/** In bytes, longer than any integer in a checkpoint. */
const LONGEST_INTEGER = 1024;

/** The value of the literal instruction `code`, which is at byte `at`, right before the cursor. */
export function readLiteral(code: number, cursor: Cursor, at: number): unknown {
  switch (code) {
    case Op.NONE:
      return null;
    case Op.NEWTRUE:
      return true;
    case Op.NEWFALSE:
      return false;
    case Op.BININT1:
      return cursor.uint8();
    case Op.BININT2:
      return cursor.uint16();
    case Op.BININT:
      return cursor.int32();
    case Op.LONG1:
      return longInteger(cursor, cursor.uint8());
    case Op.LONG4:
      return longInteger(cursor, cursor.uint32());
    case Op.BINFLOAT:
      return cursor.float64();
    case Op.BINUNICODE:
      return cursor.text(cursor.uint32());
    case Op.SHORT_BINUNICODE:
      return cursor.text(cursor.uint8());
    case Op.BINUNICODE8:
      return cursor.text(cursor.uint64());
    case Op.BINSTRING: // text of Python 2
      return cursor.text(cursor.uint32());
    case Op.SHORT_BINSTRING:
      return cursor.text(cursor.uint8());
    case Op.BINBYTES:
      return cursor.take(cursor.uint32());
    case Op.SHORT_BINBYTES:
      return cursor.take(cursor.uint8());
    case Op.BINBYTES8:
    case Op.BYTEARRAY8:
      return cursor.take(cursor.uint64());
    case Op.INT:
    case Op.LONG:
    case Op.FLOAT:
    case Op.STRING:
    case Op.UNICODE:
      return readLine(code, cursor.line(), cursor, at);
    default:
      return NO_LITERAL;
  }
}

/** Little-endian, two's complement. */
function longInteger(cursor: Cursor, length: number): number | bigint {
  if (length > LONGEST_INTEGER)
    throw cursor.fail(
      `expected an integer of at most ${LONGEST_INTEGER} bytes, got ${length}`,
    );
  const bytes = cursor.take(length);
  if (length === 0) return 0;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const bits = BigInt(`0x${hex.reverse().join("")}`);
  return safe(BigInt.asIntN(8 * length, bits));
}

function safe(integer: bigint): number | bigint {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

/** The literals of protocol 0, which are lines of text. */
function readLine(
  code: number,
  line: string,
  cursor: Cursor,
  at: number,
): unknown {
  if (code === Op.UNICODE) return unescape(line);
  const quoted = /^(["'])(.*)\1$/.exec(line);
  if (code === Op.STRING && quoted) return unescape(quoted[2] as string);
  if (code === Op.FLOAT && /^[-+]?(\d[\d.e+-]*|inf|nan)$/.test(line))
    return Number(line.replace("inf", "Infinity"));
  if (code === Op.INT && /^0[01]$/.test(line)) return line === "01";
  const integer = /^([-+]?\d+)L?$/.exec(line);
  if ((code === Op.INT || code === Op.LONG) && integer)
    return safe(BigInt(integer[1]?.replace("+", "") as string));
  throw cursor.fail("expected a number or text on a line", at);
}

function unescape(text: string): string {
  return text.replace(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|(.))/gi,
    (_, byte, unit, char) =>
      char ?? String.fromCharCode(Number.parseInt(byte ?? unit, 16)),
  );
}

/* A memory's blocks beside a map of its lines, over thousands of blocks that are taken and given back in any order. */
import { describe, expect, test } from "vitest";
import {
  FIRST_ADDRESS,
  JsMemory,
  type Memory,
  WasmMemory,
} from "../../src/kernel/memory.js";
import { Random } from "../support/random.js";

const LINE = 64;

/** Lines from FIRST_ADDRESS on, true where a block lies. */
class LineMap {
  readonly lines: boolean[] = [];

  /** The first line of the first gap of so many, undefined where there is none below the last block. */
  gap(count: number): number | undefined {
    let free = 0;
    for (const [line, used] of this.lines.entries()) {
      free = used ? 0 : free + 1;
      if (free === count) return line + 1 - count;
    }
    return undefined;
  }

  fill(line: number, count: number, used: boolean): void {
    for (let i = line; i < line + count; i++) this.lines[i] = used;
    while (this.lines.at(-1) === false) this.lines.pop();
  }
}

describe.each<[string, () => Memory]>([
  ["WebAssembly", () => new WasmMemory()],
  ["JavaScript", () => new JsMemory()],
])("blocks in the memory of %s", (_, create) => {
  test("lie in the first gap that is large enough, apart from each other, empty", () => {
    const random = new Random(1);
    const memory = create();
    const map = new LineMap();
    const blocks: { address: number; bytes: number; mark: number }[] = [];
    for (let i = 1; i <= 3000; i++) {
      // grows to about 300 blocks, shrinks to few, and so on
      const grows = i % 800 < 500;
      if (!blocks.length || random.next() < (grows ? 0.8 : 0.1)) {
        const bytes = random.integer(1, 6 * LINE);
        const count = Math.ceil(bytes / LINE);
        const line = map.gap(count) ?? map.lines.length;
        const address = memory.take(bytes);
        expect(address).toBe(FIRST_ADDRESS + line * LINE);
        const block = memory.i32.subarray(
          address >> 2,
          (address >> 2) + count * (LINE >> 2),
        );
        expect(block.every((word) => word === 0)).toBe(true);
        block.fill(i);
        map.fill(line, count, true);
        blocks.push({ address, bytes, mark: i });
      } else {
        const [block] = blocks.splice(random.integer(0, blocks.length - 1), 1);
        const { address, bytes, mark } = block!;
        expect(memory.i32[address >> 2]).toBe(mark);
        memory.give(address, bytes);
        const line = (address - FIRST_ADDRESS) / LINE;
        map.fill(line, Math.ceil(bytes / LINE), false);
      }
      expect(memory.end).toBe(FIRST_ADDRESS + map.lines.length * LINE);
      const size = random.integer(1, 12);
      expect(memory.hasHole(size * LINE)).toBe(map.gap(size) !== undefined);
    }
    for (const { address, bytes } of blocks) memory.give(address, bytes);
    expect(memory.end).toBe(FIRST_ADDRESS);
  });
});

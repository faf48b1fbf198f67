import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";

/*
 * The direction of imports, as CONTRIBUTING.md has it: cli → formats → graph → models → layers → kernel, the rooms that
 * stand beside formats, and all to the files of src/ itself. Read off the sources, types included: a type is knowledge
 * too.
 */

const source = fileURLToPath(new URL("../src/", import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));

/** The public surface, alone and with the binaries of hosts that compile them themselves. */
const ENTRIES = ["index.ts", "workerd.ts", "edge-light.ts", "standalone.ts"];

/** A folder, "entry" or, for the other files of src/ itself, "base". */
function roomOf(file: string): string {
  const [folder, ...inside] = file.split("/") as [string, ...string[]];
  if (inside.length) return folder;
  return ENTRIES.includes(file) ? "entry" : "base";
}

/** What a room beside formats may import. */
const BESIDE = ["base", "layers", "models", "graph", "entry"];

/** What each room may import beside itself. */
const MAY: Record<string, readonly string[]> = {
  base: [],
  kernel: ["base"],
  layers: ["base", "kernel"],
  models: ["base", "kernel", "layers"],
  entry: ["base", "kernel", "layers", "models"],
  graph: ["base", "layers", "models", "entry"],
  formats: ["base", "layers", "models", "graph", "entry"],
  training: [...BESIDE, "kernel"],
  decode: BESIDE,
  quantize: BESIDE,
  tesseract: [...BESIDE, "decode", "formats"],
  signal: ["base"],
  audio: [...BESIDE, "signal", "worklet", "formats"],
  vis: BESIDE,
  data: ["base", "formats", "graph", "entry"],
  queue: [...BESIDE, "data", "signal", "formats"],
  threads: [...BESIDE, "kernel"],
  worker: [...BESIDE, "kernel", "training"],
  worklet: [...BESIDE, "kernel", "signal"],
  cli: [
    "base",
    "data",
    "formats",
    "graph",
    "entry",
    "quantize",
    "queue",
    "training",
    "vis",
  ],
};

/** The kernel's doors: layers and models run on it, training changes weights, the others say which kernel runs. */
const DOORS: Record<string, readonly string[]> = {
  layers: ["kernel/model.ts", "kernel/arrays.ts"],
  models: ["kernel/model.ts"],
  training: ["kernel/backward.ts"],
  threads: ["kernel/threads.ts"],
  worker: ["kernel/load.ts"],
  worklet: ["kernel/load.ts"],
  entry: ["kernel/model.ts", "kernel/load.ts"],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Of the project's own files; packages and binaries are none. */
function importsOf(file: string): Import[] {
  const text = readFileSync(source + file, "utf8");
  const folder = posix.dirname(file);
  return Array.from(
    text.matchAll(
      /^(?:import|export)\b[^;"]*"(\.[^"]+)\.js";|import\("(\.[^"]+)\.js"\)/gm,
    ),
    ([, path, late]) => ({
      from: file,
      to: `${posix.join(folder, (path ?? late) as string)}.ts`,
    }),
  );
}

const imports = files.flatMap(importsOf);
const rooms = [...new Set(files.map(roomOf))].sort();
const text = ({ from, to }: Import) => `${from} → ${to}`;

test("every import is of a file that is there", () => {
  expect(imports.length).toBeGreaterThan(files.length);
  const missing = imports.filter(({ to }) => !files.includes(to));
  expect(missing.map(text)).toEqual([]);
});

describe.each(rooms)("%s", (room) => {
  const own = imports.filter(({ from }) => roomOf(from) === room);

  test("imports itself and what is below it alone", () => {
    const allowed = [room, ...(MAY[room] ?? [])];
    const others = own.filter(({ to }) => !allowed.includes(roomOf(to)));
    expect(others.map(text)).toEqual([]);
  });

  test("knows the kernel by its doors alone", () => {
    const doors = DOORS[room] ?? [];
    const past = own.filter(
      ({ to }) =>
        room !== "kernel" &&
        roomOf(to) === "kernel" &&
        // a layer makes its own cell
        !(room === "layers" && to.startsWith("kernel/cells/")) &&
        !doors.includes(to),
    );
    expect(past.map(text)).toEqual([]);
  });
});

test("there is no other room", () => {
  expect(rooms.filter((room) => !Object.hasOwn(MAY, room))).toEqual([]);
});

test("no file needs itself, by whatever way, types counted", () => {
  const needs = (file: string) => imports.filter(({ from }) => from === file);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file))
      circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file) || path.includes(file)) return;
    for (const { to } of needs(file)) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

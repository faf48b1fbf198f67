/** Every program of README.md and docs/ compiles as strict TypeScript against the declarations in the package. */
import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { allPrograms } from "../support/programs.js";

const root = new URL("../..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "gatewise-programs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tsc = (...args: string[]): Promise<string> =>
  promisify(execFile)(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), ...args],
    { cwd: folder },
  ).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );

test("they compile", { timeout: 60_000 }, async () => {
  const installed = join(folder, "node_modules/gatewise");
  mkdirSync(installed, { recursive: true });
  for (const file of ["package.json", "src/binary.d.ts"])
    cpSync(join(root, file), join(installed, file));
  symlinkSync(
    join(root, "node_modules/@types"),
    join(folder, "node_modules/@types"),
  );
  const config = join(root, "tsconfig.build.json");
  expect(await tsc("-p", config, "--outDir", join(installed, "dist"))).toBe("");

  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const programs = allPrograms();
  expect(programs.length).toBeGreaterThan(30);
  const files = programs.map(({ code }, index) => {
    const file = `program-${index}.ts`;
    writeFileSync(join(folder, file), `${code}\nexport {};\n`);
    return file;
  });
  const options =
    "--noEmit --strict --target es2022 --lib es2022,dom,dom.iterable --module nodenext --types node";
  const said = await tsc(...options.split(" "), ...files);
  const placed = said.replace(
    /program-(\d+)\.ts\((\d+),/g,
    (_, index: string, line: string) =>
      `${programs[Number(index)]?.place} + ${Number(line) - 1} (`,
  );
  expect(placed).toBe("");
});

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, vi } from "vitest";
import { execute } from "../../src/cli/execute.js";
import { bundleCli } from "../../tools/cli.mjs";

// tools/cli.mjs puts the package's there
Object.assign(globalThis, { GATEWISE_VERSION: "0.0.0-test" });

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const file = join(inject("built"), `cli-${process.pid}.mjs`);
let built: Promise<unknown> | undefined;

/** The program as the package ships it, started in a folder of its own. */
export class Program {
  readonly folder = mkdtempSync(join(tmpdir(), "gatewise-cli-"));
  readonly file = file;

  /** Once for all files of tests that share this process. */
  async build(): Promise<void> {
    await (built ??= bundleCli(file));
  }

  /** A path in the folder. */
  at(name: string): string {
    return join(this.folder, name);
  }

  start(args: readonly string[]) {
    return spawn(process.execPath, [this.file, ...args], { cwd: this.folder });
  }

  /** Runs it to its end; `stdin` is all that it gets there. */
  run(
    args: readonly string[],
    stdin: string | Uint8Array = "",
  ): Promise<Ended> {
    const child = this.start(args);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    // it may end without reading
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    });
  }

  /** The same in this process, which takes a tenth of the time: for what is not about pipes and signals. */
  async execute(args: readonly string[]): Promise<Ended> {
    const written = { stdout: "", stderr: "" };
    const folder = process.cwd();
    const writes = (["stdout", "stderr"] as const).map((name) =>
      vi.spyOn(process[name], "write").mockImplementation((text) => {
        written[name] += String(text);
        return true;
      }),
    );
    process.chdir(this.folder);
    try {
      const { code, error } = await execute(args);
      if (error !== null) written.stderr += `gatewise: ${error}\n`;
      return { code, ...written };
    } finally {
      process.chdir(folder);
      for (const write of writes) write.mockRestore();
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

// The declarations as the package has them, where nothing of this repository is installed: all entries, each name of
// theirs, no check left out, and no `any` where users look.

const root = new URL("../../", import.meta.url).pathname;
const tsc = join(root, "node_modules/typescript/bin/tsc");
const prune = join(root, "tools/declarations.mjs");
const folder = mkdtempSync(join(tmpdir(), "gatewise-types-"));
const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [tsc, ...args], { cwd: folder }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );

const { exports } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
) as { exports: Record<string, string | { types?: string }> };
const entries = Object.entries(exports)
  .filter(([, target]) => typeof target === "object" && "types" in target)
  .map(([name]) => name.replace(/^\./, "gatewise"))
  .filter((name) => !name.endsWith(".wasm") && !name.endsWith(".js"));

const program = `
${entries.map((name) => `export * as ${name.replace(/\W/g, "_")} from "${name}";`).join("\n")}
import { LSTM, Linear, Sequential, type State, type Stream } from "gatewise";
import { serialize } from "gatewise/safetensors";
import { load, verify } from "gatewise/load";
import { load as torch } from "gatewise/torch";
import { load as keras } from "gatewise/keras";
import { load as tfjs } from "gatewise/tfjs";
import { load as tflite } from "gatewise/tflite";
import { load as nam } from "gatewise/nam";
import { load as rtneural } from "gatewise/rtneural";
import { type Graph, toOnnx } from "gatewise/onnx";
import { beamSearch, ctcBeam, ctcGreedy, type TokenStream } from "gatewise/decode";
import { addProcessor, GatewiseNode } from "gatewise/worklet";
import { type SpeechSegment, VoiceActivity } from "gatewise/audio";
import { score, scoreFile, work } from "gatewise/queue";
import { init as initThreads, type Threads } from "gatewise/threads";
import { createPool, type WorkerLike } from "gatewise/worker";

type IsAny<T> = 0 extends 1 & T ? true : false;
const known = <T>(_: T, ..._known: IsAny<T> extends true ? [never] : []) => {};

const rows: readonly (readonly number[])[] = [[1, 2]];
const lstm = new LSTM({ inputSize: 2, hiddenSize: 3 });
const model = new Sequential([lstm, new Linear({ inputSize: 3, outputSize: 1 })] as const);
const { output, state, trace } = lstm.forward(rows, { trace: true });
known(output.data); known(state); known(trace?.[0]?.["forget"]);

const stream = lstm.stream();
const saved: State = stream.state;
stream.state = saved;
known(stream.step([1, 2] as const));
known(ctcGreedy({ shape: [1, 2], data: new Float32Array(2) }).labels);
known(ctcBeam([[0, 1]], { scorer: (prefix, label) => prefix.length - label })[0]?.score);
const tokens: TokenStream = model.stream();
known(beamSearch(tokens, { start: 0, stop: 1 })[0]?.tokens);
const either: Stream[] = [stream, model.stream(), stream.fork()];
known(either[0]!.state);
// @ts-expect-error the state of a model is a list
stream.state = model.stream().state;
// @ts-expect-error a misspelt option
new LSTM({ inputSize: 2, hiddenSize: 3, hiden: 1 });

new Blob([model.save(), serialize(lstm.stateDict()), toOnnx(model)]);
const bytes = new Uint8Array(1);
for (const { report } of [load(bytes), torch(bytes), keras(bytes), tfjs({ "model.json": bytes }), tflite(bytes, { dequantize: true }), nam(bytes), rtneural(bytes)])
  known(report.layers[0]);
known(verify(model, [{ input: rows, output }]).outputs[0]);
declare const graph: Graph;
new Response(graph.save());
declare const worker: WorkerLike;
const pool = createPool({ create: () => worker });
known(createPool({ workers: 2 }));
const threads: Threads = await initThreads({ threads: 2, create: () => worker });
const alone: string | null = threads.reason;
known([alone, threads.threads, threads.calls, threads.close()]);
const vad = new VoiceActivity({ model: bytes, onSpeechEnd: (audio) => known(audio), onFrameProcessed: ({ isSpeech }) => known(isSpeech) });
const segment: SpeechSegment | void = (await vad.segments([new Float32Array(1)]).next()).value;
known(segment); vad.listen(new MediaStream()).then(({ stop }) => stop());
for await (const scored of score(rows.map((row) => [row]), { queue: "redis://localhost", model })) known(scored.shape);
known((await scoreFile("a.npz", "b.npz", { queue: "redis://localhost", model: bytes })).rows);
known(await work({ queue: { url: "redis://localhost" } }));
known(pool); known(addProcessor); known(GatewiseNode);
`;

beforeAll(async () => {
  const installed = join(folder, "node_modules/gatewise");
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  const dist = join(installed, "dist");
  const said = await run(
    "-p",
    join(root, "tsconfig.build.json"),
    "--outDir",
    dist,
  );
  expect(said).toBe("");
  await promisify(execFile)(process.execPath, [prune, dist]);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "user.ts"), program);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["node16", "node16"],
  ["nodenext", "nodenext"],
  ["bundler", "esnext"],
])(
  "a strict program over all entries compiles, moduleResolution %s",
  async (resolution, module) => {
    const options = `--noEmit --strict --target es2022 --lib es2022,dom --moduleResolution ${resolution} --module ${module}`;
    const args = [...options.split(" "), "user.ts"];
    expect(await run(...args)).toBe("");
    // before TypeScript 5.7 typed arrays were not generic
    const files = (await run(...args, "--listFilesOnly")).split("\n");
    const ours = files.filter((file) => file.includes("gatewise/dist"));
    expect(ours.length).toBeGreaterThan(40);
    expect(entries.length).toBeGreaterThan(15);
    for (const file of ours)
      expect(readFileSync(file, "utf8"), file).not.toContain("Array<Array");
  },
  60_000,
);

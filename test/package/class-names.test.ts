import { build } from "esbuild";
import { expect, test } from "vitest";
import { shortenLocals } from "../../tools/shorten.mjs";

// What users see of a layer in a console. esbuild gives a class that mentions itself another name in a bundle.

test("classes keep the names that they are exported by, bundled and in the package", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        export * from "./src/index.js";
        export { Stream } from "./src/layers/stream.js";
        export { Graph, GraphStream } from "./src/formats/onnx/index.js";
        export { RemoteStream } from "./src/worker/stream.js";
      `,
      resolveDir: new URL("../../", import.meta.url).pathname,
    },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  const code = outputFiles[0]?.text ?? "";
  await expectNames(code);
  await expectNames(await shortenLocals(code));
});

async function expectNames(code: string): Promise<void> {
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  const all: Record<string, unknown> = await import(/* @vite-ignore */ url);
  const classes = Object.entries(all).filter(
    ([name, value]) =>
      typeof value === "function" && /^[A-Z]/.test(name) && name !== "Layer", // abstract: no console shows it
  );
  expect(classes.length).toBeGreaterThan(11);
  for (const [name, made] of classes)
    expect((made as { name: string }).name).toBe(name);
}

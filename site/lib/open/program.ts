/*
 * The program that runs a model in an application, in at most 20 lines.
 */
import { isChain, type Opened } from "./opened";

/** The smallest entry that reads the format. */
const ENTRIES: Readonly<Record<string, string>> = {
  safetensors: "gatewise/safetensors",
  torch: "gatewise/torch",
  torchscript: "gatewise/torch",
  onnx: "gatewise/onnx",
  keras: "gatewise/keras",
  tfjs: "gatewise/tfjs",
  nam: "gatewise/nam",
  guitarml: "gatewise/nam",
  aidax: "gatewise/nam",
  rtneural: "gatewise/rtneural",
};

export function programOf(opened: Opened, options: string): string {
  const { model, report, name } = opened;
  const several = name.includes(", ");
  const entry = several
    ? "gatewise/load"
    : (ENTRIES[report.format] ?? "gatewise/load");
  const given = options.trim()
    ? `, ${JSON.stringify(JSON.parse(options))}`
    : "";
  const file = several
    ? `Object.fromEntries(await Promise.all(${JSON.stringify(name.split(", "))}.map(
  async (name) => [name, await (await fetch(name)).arrayBuffer()])))`
    : `await (await fetch(${JSON.stringify(name)})).arrayBuffer()`;
  const head = `import { load } from "${entry}";

const file = ${file};
const { model } = load(file${given});
`;
  if (!isChain(model)) {
    const states = model.inputs.filter(({ state }) => state !== undefined);
    const shown = model.inputs.filter(({ state }) => state === undefined);
    const inputs = shown
      .map(
        ({ name, shape }) =>
          `  ${JSON.stringify(name)}: data, // [${shape.join(", ")}]`,
      )
      .join("\n");
    const [output] = model.outputs;
    if (!states.length)
      return `${head}const outputs = model.run({\n${inputs}\n});\nconsole.log(outputs[${JSON.stringify(output?.name)}]);\n`;
    return `${head}const stream = model.stream(); // hands on ${states.map(({ name }) => name).join(", ")}
const outputs = stream.step({\n${inputs}\n});
console.log(outputs[${JSON.stringify(output?.name)}]);\n`;
  }
  const frame = model.takesTokens
    ? "[token]"
    : `frame /* ${model.inputSize} numbers */`;
  const whole = model.takesTokens
    ? "tokens /* [T] or [B, T] */"
    : `input /* [T, ${model.inputSize}] or [B, T, ${model.inputSize}] */`;
  const lines = [`const { output } = model.forward(${whole});`];
  if (model.streamable)
    lines.push(
      "",
      "const stream = model.stream(); // or one step at a time",
      `const y = stream.step(${frame});`,
    );
  return `${head}${lines.join("\n")}\n`;
}

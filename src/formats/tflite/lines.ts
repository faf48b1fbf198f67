/*
 * The lines of the report, except for the layers.
 */
import type { Notes } from "../../graph/index.js";
import type { Model, Tensor } from "./model.js";
import type { Translation } from "./translate/translation.js";

export function linesOf(
  model: Model,
  { constants, options, states, layers, rounded }: Translation,
  notes: Notes,
): Notes & { assumptions: string[] } {
  const tensors = model.subgraphs.flatMap((subgraph) => subgraph.tensors);
  const known = tensors.filter((tensor) => constants.has(tensor));
  const halves = known.filter(({ type }) => type === "FLOAT16").length;
  const scaled = known.filter(
    ({ quantization, type }) => quantization && type !== "INT32",
  ).length;
  const integers = quantizedPorts(model);
  const { unread } = constants;
  return {
    ...notes,
    layers: [...layers, ...notes.layers],
    converted: [
      ...(halves
        ? [`${countOf(halves, "tensor")} of float16, read as float32`]
        : []),
      ...(scaled && !(integers.length && options.exact)
        ? [`${countOf(scaled, "quantised tensor")}, dequantised`]
        : []),
      ...notes.converted,
    ],
    ignored: [
      ...model.metadata.map((name) => `metadata ${JSON.stringify(name)}`),
      ...(unread
        ? [`${countOf(unread, "buffer")} that no operator reads`]
        : []),
      ...notes.ignored,
    ],
    warnings: [
      ...notes.warnings,
      ...(rounded.size
        ? [
            `${[...rounded.keys()].join(", ")}: computed in floats and rounded, which may differ by one from TensorFlow Lite's integers`,
          ]
        : []),
    ],
    assumptions: [
      ...(options.exact ? integers : []),
      ...states.all.map(
        ({ name }) =>
          `${name} is kept from step to step of a stream; \`run\` starts from its initial value`,
      ),
    ],
  };
}

/** How the integers of inputs and outputs are scaled. */
function quantizedPorts({ subgraphs }: Model): string[] {
  const [main] = subgraphs;
  if (!main) return [];
  const line = (kind: string, index: number) => {
    const { name, type, quantization } = main.tensors[index] as Tensor;
    if (!quantization || !/^U?INT(8|16)$/.test(type)) return [];
    const { scales, zeros } = quantization;
    const zero = zeros[0]
      ? ` · (${type.toLowerCase()} ${minus(zeros[0])})`
      : ` · ${type.toLowerCase()}`;
    return [`${kind} ${name}: ${scales[0]}${zero}`];
  };
  return [
    ...main.inputs.flatMap((index) => line("input", index)),
    ...main.outputs.flatMap((index) => line("output", index)),
  ];
}

const minus = (zero: number): string => (zero < 0 ? `+ ${-zero}` : `- ${zero}`);

const countOf = (n: number, word: string): string =>
  n === 1 ? `1 ${word}` : `${n} ${word}s`;

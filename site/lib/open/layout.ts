/*
 * Where the nodes of a graph are drawn: below all that they take, beside others of the same depth.
 */
import type { Described, DrawnNode } from "./described";

export const BOX = { width: 132, height: 38, gapX: 18, gapY: 30 } as const;

export interface Placed extends DrawnNode {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly Placed[];
  readonly edges: readonly string[];
}

export function layOut({ inputs, outputs, nodes }: Described): Layout {
  const port = (type: string, name: string, isInput: boolean): DrawnNode => ({
    id: `${type} ${name}`,
    type,
    text: name,
    inputs: isInput ? [] : [name],
    outputs: isInput ? [name] : [],
  });
  const all = [
    ...inputs.map(({ name }) => port("input", name, true)),
    ...nodes,
    ...outputs.map(({ name }) => port("output", name, false)),
  ];
  const makers = new Map<string, DrawnNode>();
  const depth = new Map<DrawnNode, number>();
  const rows: DrawnNode[][] = [];
  for (const node of all) {
    const before = node.inputs.flatMap((name) => makers.get(name) ?? []);
    const own = Math.max(-1, ...before.map((each) => depth.get(each) ?? 0)) + 1;
    depth.set(node, own);
    (rows[own] ??= []).push(node);
    for (const name of node.outputs) if (name) makers.set(name, node);
  }
  const pitch = BOX.width + BOX.gapX;
  const widest = Math.max(...rows.map((row) => row.length));
  const width = widest * pitch + BOX.gapX;
  const placed = new Map<DrawnNode, Placed>();
  rows.forEach((row, level) => {
    const wanted = (node: DrawnNode) => {
      const above = node.inputs.flatMap(
        (name) => placed.get(makers.get(name) as DrawnNode) ?? [],
      );
      return above.length
        ? above.reduce((sum, { x }) => sum + x, 0) / above.length
        : 0;
    };
    const sorted = row
      .map((node) => ({ node, at: wanted(node) }))
      .sort((a, b) => a.at - b.at);
    const left = (width - row.length * pitch + BOX.gapX) / 2;
    sorted.forEach(({ node }, i) =>
      placed.set(node, {
        ...node,
        x: left + i * pitch,
        y: BOX.gapX + level * (BOX.height + BOX.gapY),
      }),
    );
  });
  const edges = all.flatMap((node) =>
    node.inputs.flatMap((name) => {
      const from = placed.get(makers.get(name) as DrawnNode);
      const to = placed.get(node);
      return from && to ? [curve(from, to)] : [];
    }),
  );
  const height = rows.length * (BOX.height + BOX.gapY) + BOX.gapX;
  return { width, height, nodes: [...placed.values()], edges };
}

function curve(from: Placed, to: Placed): string {
  const [x1, y1] = [from.x + BOX.width / 2, from.y + BOX.height];
  const [x2, y2] = [to.x + BOX.width / 2, to.y];
  const middle = (y1 + y2) / 2;
  return `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`;
}

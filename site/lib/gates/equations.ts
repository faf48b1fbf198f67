/* The textbook's equations of a unit, with the numbers of a step in them. */
import { at, type Knobs, type Traced, weightsOf } from "./cells";

export interface Equation {
  readonly name: string;
  /** As the textbook has it. */
  readonly symbols: string;
  /** With this step's numbers. */
  readonly numbers: string;
  readonly value: number;
}

const text = (x: number): string =>
  (Math.abs(x) < 0.005 ? 0 : x).toFixed(2).replace("-", "−");

export function equations(
  traced: Traced,
  knobs: Knobs,
  x: number,
  t: number,
  unit: number,
): Equation[] {
  const value = (name: string, time = t) => {
    const row = traced.rows.find((each) => each.name === name);
    return row ? at(row.values, time, unit) : 0;
  };
  const all = weightsOf(knobs);
  const sum = (g: number) => {
    const { w, b } = (all[traced.name] as (typeof all)["LSTM"])[g] as {
      w: number;
      b: (unit: number) => number;
    };
    return `${text(w)} · ${text(x)} + ${text(b(unit))}`;
  };
  const before = value("hidden", t - 1);
  switch (traced.name) {
    case "RNN": {
      const u = all.RNN[0].u(unit);
      return [
        {
          name: "hidden",
          symbols: "h′ = tanh(W x + U h)",
          numbers: `tanh(1.50 · ${text(x)} + ${text(u)} · ${text(before)})`,
          value: value("hidden"),
        },
      ];
    }
    case "LSTM":
      return [
        {
          name: "input",
          symbols: "i = σ(W x + b)",
          numbers: `σ(${sum(0)})`,
          value: value("input"),
        },
        {
          name: "forget",
          symbols: "f = σ(W x + b)",
          numbers: `σ(${sum(1)})`,
          value: value("forget"),
        },
        {
          name: "candidate",
          symbols: "g = tanh(W x + b)",
          numbers: `tanh(${sum(2)})`,
          value: value("candidate"),
        },
        {
          name: "cell",
          symbols: "c′ = f · c + i · g",
          numbers: `${text(value("forget"))} · ${text(value("cell", t - 1))} + ${text(value("input"))} · ${text(value("candidate"))}`,
          value: value("cell"),
        },
        {
          name: "hidden",
          symbols: "h′ = o · tanh(c′)",
          numbers: `${text(value("output"))} · tanh(${text(value("cell"))})`,
          value: value("hidden"),
        },
      ];
    case "GRU":
      return [
        {
          name: "reset",
          symbols: "r = σ(W x + b)",
          numbers: `σ(${sum(0)})`,
          value: value("reset"),
        },
        {
          name: "update",
          symbols: "z = σ(W x + b)",
          numbers: `σ(${sum(1)})`,
          value: value("update"),
        },
        {
          name: "candidate",
          symbols: "n = tanh(W x + r · U h)",
          numbers: `tanh(${sum(2)})`,
          value: value("candidate"),
        },
        {
          name: "hidden",
          symbols: "h′ = z · h + (1 − z) · n",
          numbers: `${text(value("update"))} · ${text(before)} + ${text(1 - value("update"))} · ${text(value("candidate"))}`,
          value: value("hidden"),
        },
      ];
  }
}

/* Data to begin with. */
import csv from "../../../examples/sunspots/sunspots.csv?raw";

export const TEXT = `The gates of the cell open, the gates of the cell close. What was said long ago is kept behind a gate that stays open; what was said just now goes in by a gate that opens; what may be said goes out by the third. A cell that keeps everything hears nothing new, and a cell that keeps nothing has no past. So the gates of the cell open, and the gates of the cell close, and what the cell remembers is what it needs for what comes next. The sun has spots that come and go, a word has letters that come and go, and a voice has sounds that come and go. The cell hears them all, one step after another, and says at every step what it takes to come next. When it is wrong it learns: a little of every weight goes down the slope of its error, and the gates of the cell open a little sooner, or close a little later.`;

/** Every third month: 1100 values. */
export const SUNSPOTS: readonly number[] = csv
  .trim()
  .split("\n")
  .slice(1)
  .flatMap((line, i) => (i % 3 ? [] : [Number(line.split(",")[1])]));

export const WAVES: readonly number[] = Array.from({ length: 600 }, (_, t) =>
  Number((Math.sin(t / 4) + 0.5 * Math.sin(t / 11)).toFixed(3)),
);

type Points = [number, number][];
const points = (at: (share: number) => [number, number]): Points =>
  Array.from({ length: 24 }, (_, i) => at(i / 23));

/** Of each class a few drawings as a hand would make them, no two the same. */
export function sampleGestures(): { points: Points; label: number }[] {
  let state = 7;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const jitter = () => 0.06 * (random() - 0.5);
  return Array.from({ length: 24 }, (_, i) => {
    const [size, turn] = [0.6 + 0.5 * random(), 0.5 * (random() - 0.5)];
    const label = i % 3;
    const shape = (t: number): [number, number] => {
      if (label === 0) {
        const angle = 2 * Math.PI * t + turn;
        return [size * Math.cos(angle), size * Math.sin(angle)];
      }
      if (label === 1) return [size * (2 * t - 1), size * turn * t];
      const wave = Math.abs(((3 * t) % 1) - 0.5) * 2;
      return [size * (2 * t - 1), size * (wave - 0.5)];
    };
    return {
      label,
      points: points((t) => {
        const [x, y] = shape(t);
        return [x + jitter(), y + jitter()];
      }),
    };
  });
}

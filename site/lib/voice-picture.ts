/** The last frames: the sound's peaks, the probability of speech over them, segments behind them. */
export function draw(
  canvas: HTMLCanvasElement,
  heard: {
    readonly frames: readonly { peak: number; probability: number }[];
    readonly start: number | null;
    readonly segments: readonly { from: number; to: number }[];
  },
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width, height } = canvas;
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name);
  const { frames, start, segments } = heard;
  const room = Math.floor(width / 4);
  const first = Math.max(0, frames.length - room);
  const column = Math.max(4, Math.floor(width / Math.max(1, frames.length)));
  const x = (frame: number) => (frame - first) * column;
  context.clearRect(0, 0, width, height);
  context.fillStyle = colour("--vp-c-brand-soft");
  const open = start === null ? [] : [{ from: start, to: frames.length }];
  for (const { from, to } of [...segments, ...open])
    context.fillRect(x(from), 0, (to - from) * column, height);
  context.fillStyle = colour("--vp-c-text-3");
  const shown = frames.slice(first);
  shown.forEach(({ peak }, i) => {
    const size = Math.max(1, Math.min(1, peak) * height);
    context.fillRect(i * column, (height - size) / 2, column - 1, size);
  });
  context.strokeStyle = colour("--gw-warm");
  context.lineWidth = 3;
  context.beginPath();
  shown.forEach(({ probability }, i) => {
    const y = 4 + (1 - probability) * (height - 8);
    if (i) context.lineTo((i + 0.5) * column, y);
    else context.moveTo((i + 0.5) * column, y);
  });
  context.stroke();
}

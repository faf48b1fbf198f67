/** Draws the last frames: the sound's peaks, the probability over them, segments behind them. */
export function draw(canvas, { frames, start, segments }) {
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  const column = 4;
  const room = Math.floor(width / column);
  const first = Math.max(0, frames.length - room);
  const x = (frame) => (frame - first) * column;
  context.clearRect(0, 0, width, height);
  context.fillStyle = "#274a3a";
  const open = start === null ? [] : [{ from: start, to: frames.length }];
  for (const { from, to } of [...segments, ...open])
    context.fillRect(x(from), 0, (to - from) * column, height);
  context.fillStyle = "#8fb8a6";
  frames.slice(first).forEach(({ peak }, i) => {
    const size = Math.max(1, Math.min(1, peak) * height);
    context.fillRect(i * column, (height - size) / 2, column - 1, size);
  });
  context.strokeStyle = "#ffce54";
  context.lineWidth = 3;
  context.beginPath();
  frames.slice(first).forEach(({ probability }, i) => {
    const y = 4 + (1 - probability) * (height - 8);
    if (i) context.lineTo((i + 0.5) * column, y);
    else context.moveTo((i + 0.5) * column, y);
  });
  context.stroke();
}

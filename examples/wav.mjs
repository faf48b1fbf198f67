/** Samples of a WAV file of 16 bits, channels mixed to one: enough for these examples. */

export function readWav(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (word(0) !== "RIFF" || word(8) !== "WAVE")
    throw new Error("expected a WAV file, got something else");
  let channels = 1;
  let sampleRate = 16_000;
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (word(at) === "fmt ") {
      channels = view.getUint16(start + 2, true);
      sampleRate = view.getUint32(start + 4, true);
      if (
        view.getUint16(start, true) !== 1 ||
        view.getUint16(start + 14, true) !== 16
      )
        throw new Error("expected a WAV file of 16 bits, got another kind");
    }
    if (word(at) === "data") {
      const count = Math.floor(
        Math.min(size, bytes.length - start) / 2 / channels,
      );
      const samples = Float32Array.from({ length: count }, (_, i) => {
        let sum = 0;
        for (let c = 0; c < channels; c++)
          sum += view.getInt16(start + 2 * (i * channels + c), true);
        return sum / channels / 32_768;
      });
      return { samples, sampleRate };
    }
    at = start + size + (size % 2);
  }
  throw new Error("expected a WAV file with samples, got none");
}

export function writeWav(samples, sampleRate) {
  const bytes = new Uint8Array(44 + 2 * samples.length);
  const view = new DataView(bytes.buffer);
  const word = (at, text) =>
    [...text].forEach((letter, i) => (bytes[at + i] = letter.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // whole numbers
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, 2 * sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((x, i) => {
    const value = Math.round(32_768 * x);
    view.setInt16(44 + 2 * i, Math.max(-32_768, Math.min(32_767, value)), true);
  });
  return bytes;
}

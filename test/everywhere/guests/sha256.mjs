// SHA-256 (FIPS 180-4), since an AudioWorklet has no crypto. tests of the runner compare it with node:crypto's.

/** The fractional bits of the square or cube roots of the first primes. */
const roots = (/** @type {number} */ count, /** @type {number} */ power) => {
  const found = [];
  for (let n = 2; found.length < count; n++) {
    let isPrime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) isPrime = false;
    if (isPrime) found.push(((n ** power % 1) * 2 ** 32) | 0);
  }
  return Int32Array.from(found);
};

const rotate = (/** @type {number} */ x, /** @type {number} */ n) =>
  (x >>> n) | (x << (32 - n));

/**
 * @param {Uint8Array} bytes
 * @returns {string} in hexadecimal
 */
export function sha256(bytes) {
  const state = roots(8, 1 / 2);
  const constants = roots(64, 1 / 3);
  const padded = new Uint8Array((((bytes.length + 8) >> 6) << 6) + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  const w = new Int32Array(64);
  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(block + i * 4);
    for (let i = 16; i < 64; i++) {
      const [x, y] = [w[i - 15] ?? 0, w[i - 2] ?? 0];
      const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
      const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
      w[i] = (w[i - 16] ?? 0) + s0 + (w[i - 7] ?? 0) + s1;
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const choice = (e & f) ^ (~e & g);
      const t1 = (h + s1 + choice + (constants[i] ?? 0) + (w[i] ?? 0)) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      [h, g, f, e, d, c, b] = [g, f, e, (d + t1) | 0, c, b, a];
      a = (t1 + s0 + majority) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach(
      (x, i) => (state[i] = (state[i] ?? 0) + x),
    );
  }
  return [...new Uint32Array(state.buffer)]
    .map((word) => word.toString(16).padStart(8, "0"))
    .join("");
}

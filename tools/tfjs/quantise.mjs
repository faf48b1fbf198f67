// @ts-nocheck: as make_models.mjs.

/*
 * Quantisation as tensorflowjs_converter does it (quantization.py): a weight's range in 2^n - 1 steps, moved so that
 * zero is one of them; or float16.
 */
export const QUANTISATIONS = ["uint8", "uint16", "float16"];

/** The same model with weights of `dtype`. */
export function quantised(artifacts, dtype) {
  const all = new Float32Array(artifacts.weightData);
  const parts = [];
  let at = 0;
  const weightSpecs = artifacts.weightSpecs.map((spec) => {
    const size = spec.shape.reduce((product, n) => product * n, 1);
    const { quantization, bytes } = quantise(
      all.subarray(at, at + size),
      dtype,
    );
    at += size;
    parts.push(bytes);
    return { ...spec, quantization };
  });
  const weightData = Uint8Array.from(Buffer.concat(parts)).buffer;
  return { ...artifacts, weightSpecs, weightData };
}

function quantise(values, dtype) {
  const original_dtype = "float32";
  if (dtype === "float16") {
    const bytes = new Uint8Array(2 * values.length);
    const view = new DataView(bytes.buffer);
    values.forEach((x, i) => view.setUint16(2 * i, halfOf(x), true));
    return { quantization: { dtype, original_dtype }, bytes };
  }
  const most = dtype === "uint8" ? 255 : 65535;
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (low === high) {
    const bytes = new Uint8Array((dtype === "uint8" ? 1 : 2) * values.length);
    const quantization = { min: low, scale: 1, dtype, original_dtype };
    return { quantization, bytes };
  }
  const scale = (high - low) / most;
  // zero, where it is in the range, is a step
  const min = low <= 0 && high >= 0 ? Math.round(low / scale) * scale : low;
  const integers = (dtype === "uint8" ? Uint8Array : Uint16Array).from(
    values,
    (x) => Math.min(most, Math.max(0, Math.round((x - min) / scale))),
  );
  const quantization = { min, scale, dtype, original_dtype };
  return { quantization, bytes: new Uint8Array(integers.buffer) };
}

/** Bits of the nearest float16, for numbers whose size is from 2^-14 to 65504; 0 for smaller ones. */
function halfOf(x) {
  const size = Math.abs(x);
  if (size < 2 ** -14) return 0;
  const exponent = Math.floor(Math.log2(size));
  const fraction = Math.round((size / 2 ** exponent - 1) * 1024);
  return (x < 0 ? 0x8000 : 0) | (((exponent + 15) << 10) + fraction);
}

/** Reads a file of ../shared/goldens/grad: float32 tensors, float64 expectations, and the case. */
export function readGolden<Case>(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + length)),
  ) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  > & { __metadata__: { case: string } };
  const { __metadata__, ...entries } = header;
  const tensors: Record<
    string,
    { shape: number[]; data: Float32Array; exact: Float64Array }
  > = {};
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [from, to],
    },
  ] of Object.entries(entries)) {
    const raw = Uint8Array.from(
      bytes.subarray(8 + length + from, 8 + length + to),
    ).buffer;
    const exact =
      dtype === "F64"
        ? new Float64Array(raw)
        : Float64Array.from(new Float32Array(raw));
    tensors[name] = { shape, data: Float32Array.from(exact), exact };
  }
  return { tensors, found: JSON.parse(__metadata__.case) as Case };
}

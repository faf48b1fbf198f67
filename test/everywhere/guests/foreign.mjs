/**
 * `parse`, from and to the typed arrays of another realm.
 *
 * @param {import("./report.mjs").Parse} own
 * @param {Float32ArrayConstructor} Numbers
 * @param {Uint8ArrayConstructor} Bytes
 * @returns {import("./report.mjs").Parse}
 */
export const foreign = (own, Numbers, Bytes) => (bytes) => {
  const { tensors, metadata } = own(Bytes.from(new Uint8Array(bytes)));
  for (const [name, { shape, data }] of Object.entries(tensors))
    tensors[name] = { shape, data: Numbers.from(data) };
  return { tensors, metadata };
};

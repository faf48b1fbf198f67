/** Whether the file has TensorFlow Lite's FlatBuffers identifier, which follows the offset of the first table. */
export function isTflite(bytes: Uint8Array): boolean {
  return [0x54, 0x46, 0x4c, 0x33].every((byte, i) => bytes[4 + i] === byte);
}

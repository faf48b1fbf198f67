// The TextDecoder that bundle.mjs gives to the loader. The loader catches what decode throws, and decodes
// the text by itself.
class NoTextDecoder {
  decode() {
    throw new Error("this host has no TextDecoder");
  }
}

const HostOrNone = globalThis.TextDecoder ?? NoTextDecoder;
export { HostOrNone as TextDecoder };

// What jsfive.mjs gives to jsfive for pako. Nothing calls it.
export function inflate() {
  throw new Error("expected no compressed dataset");
}

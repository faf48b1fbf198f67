/** The binary of assembly/arrays that the host has compiled already; undefined: nobody has. */
export let provided: WebAssembly.Module | undefined;

/** For the edge workers' entries. */
export function provideArrays(module: WebAssembly.Module): void {
  provided = module;
}

// A host without WebAssembly: Hermes, an iPhone in lockdown mode.
Reflect.deleteProperty(globalThis, "WebAssembly");
await import("./node.mjs");

let last = 0;

/** A handle for a model, stream or generator, unique in this thread. */
export const newId = (): number => ++last;

/** Calls the registered function once its object is garbage. */
export const freed = /* @__PURE__ */ new FinalizationRegistry<() => void>(
  (release) => release(),
);

let last = 0;

/** Of models, streams and generators, unlike all others of this thread. */
export const newId = (): number => ++last;

/** Calls what was registered with a thing when the thing is garbage. */
export const freed = /* @__PURE__ */ new FinalizationRegistry<() => void>(
  (release) => release(),
);

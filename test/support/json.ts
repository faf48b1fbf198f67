import fc from "fast-check";

type Json = unknown;

/** A value deep in arrays, which a reader that follows it would fall over. */
const deep = (depth: number): Json =>
  JSON.parse("[".repeat(depth) + "]".repeat(depth));

/** What stands where something else was expected. */
const odd: fc.Arbitrary<Json> = fc.constantFrom<Json>(
  null,
  true,
  0,
  -1,
  0.5,
  3,
  1e9,
  2 ** 31,
  2 ** 53,
  1e300,
  "",
  "x",
  "__proto__",
  "constructor",
  "LSTM",
  [],
  [[]],
  {},
  { class_name: "Dense", config: {} },
  { class_name: "Lambda", config: { function: ["4wEA", null, null] } },
  deep(50),
);

/** The same text with up to three values replaced, removed, or put twice. */
export function damagedJson(text: string): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(2 ** 30),
    how: fc.constantFrom("replace", "replace", "remove", "twice"),
    odd,
  });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const value: Json = JSON.parse(text);
    for (const { at, how, odd: shared } of changes) {
      // a copy: the next change may reach into it, and must not close a circle
      const other = structuredClone(shared);
      const places = placesOf(value);
      const place = places[at % places.length];
      if (!place) break; // nothing is left of it
      const [parent, key] = place;
      if (Array.isArray(parent)) {
        const index = Number(key);
        if (how === "twice") parent.push(structuredClone(parent[index]));
        else parent.splice(index, 1, ...(how === "replace" ? [other] : []));
      } else if (how === "replace") parent[key] = other;
      else if (how === "remove") delete parent[key];
    }
    return JSON.stringify(value);
  });
}

type Parent = Record<string, Json> | Json[];

function placesOf(value: Json): [Parent & Record<string, Json>, string][] {
  if (typeof value !== "object" || value === null) return [];
  const parent = value as Parent & Record<string, Json>;
  return Object.entries(parent).flatMap(([key, inner]) => [
    [parent, key] as [typeof parent, string],
    ...placesOf(inner),
  ]);
}

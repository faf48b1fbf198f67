const MAX_NAMES = 6;

/** Collects changes to many tensors for the report, one line per kind of change. */
export class Changes {
  readonly #names = new Map<string, string[]>();

  /** @param change "float16 to float32" */
  note(change: string, name: string): void {
    const names = this.#names.get(change);
    if (names) names.push(name);
    else this.#names.set(change, [name]);
  }

  lines(): string[] {
    return Array.from(this.#names, ([change, names]) => {
      const more = names.length > MAX_NAMES ? `, …` : "";
      const some = names.slice(0, MAX_NAMES).join(", ");
      return `${change}: ${names.length} (${some}${more})`;
    });
  }
}

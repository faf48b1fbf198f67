/* A model that one page has trained and another uses: kept in this browser, and nowhere else. */
const NAME = "gatewise-text-model";

export interface Kept {
  readonly bytes: Uint8Array;
  readonly letters: readonly string[];
}

export function keep({ bytes, letters }: Kept): void {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  localStorage.setItem(NAME, JSON.stringify({ letters, text: btoa(text) }));
}

export function kept(): Kept | null {
  const found = localStorage.getItem(NAME);
  if (!found) return null;
  const { letters, text } = JSON.parse(found);
  return {
    letters,
    bytes: Uint8Array.from(atob(text), (char) => char.charCodeAt(0)),
  };
}

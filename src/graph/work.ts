/** To begin with, and for each number in the file: of an LSTM whose gates PyTorch's export reorders, ten are made. */
const NUMBERS = 2 ** 20;
const PER_NUMBER = 16;

/**
 * How many numbers may be made while a file is loaded, by folding constants and by taking weights into layers: many
 * nodes may share a tensor, so a small file could ask for years and gigabytes.
 */
export class Work {
  #left = NUMBERS;

  get left(): number {
    return this.#left;
  }

  /** Numbers in the file. */
  found(count: number): void {
    this.#left += PER_NUMBER * count;
  }

  /** False when `count` are too many; they count if not. */
  take(count: number): boolean {
    if (count > this.#left) return false;
    this.spend(count);
    return true;
  }

  /** Numbers that have been made. */
  spend(count: number): void {
    this.#left = Math.max(0, this.#left - count);
  }
}

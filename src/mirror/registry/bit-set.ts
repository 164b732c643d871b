/** A set of row ids, a bit each: which of millions of packages a list still has. */
export class Marks {
  #bits = new Uint8Array(1024);

  /** Whether it was new. */
  add(id: number): boolean {
    const at = id >>> 3;
    if (at >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    const isNew = !this.has(id);
    this.#bits[at]! |= 1 << (id & 7);
    return isNew;
  }

  has(id: number): boolean {
    return (((this.#bits[id >>> 3] ?? 0) >>> (id & 7)) & 1) === 1;
  }
}

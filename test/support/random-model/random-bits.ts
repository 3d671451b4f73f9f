/**
 * A small, fast, seeded source of random bits for synthetic weights: sfc32 ("small fast counting", Chris
 * Doty-Humphrey, PractRand), 128 bits of state. Not for cryptography.
 */
export class RandomBits {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** The same seed and label give the same bits; different labels give unrelated ones. */
  constructor(seed: number, label = '') {
    this.#a = seed | 0
    this.#b = Math.floor(seed / 2 ** 32) | 0
    this.#c = fnv1a(label)
    for (let i = 0; i < 15; i++) this.next()
  }

  /** 32 random bits as an unsigned integer. */
  next(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** In [0, 1). */
  fraction(): number {
    return this.next() / 2 ** 32
  }

  /** Fills `bytes` with random bytes; its length must be even and its start aligned to 4. */
  fill(bytes: Uint8Array): void {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
    for (let i = 0; i < words.length; i++) words[i] = this.next()
    for (let i = words.length * 4; i < bytes.length; i++) bytes[i] = this.next()
  }
}

/** FNV-1a over UTF-16 units: hashes labels such as tensor names to 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

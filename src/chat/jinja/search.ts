/** JavaScript's `indexOf` takes quadratic time in the worst case, which is acceptable for needles up to this length. */
const SHORT = 32

/** Finds `needle` at or after an offset, in linear time for any input; -1 if it is not found. */
export class Searcher {
  readonly needle: string
  readonly #text: string
  #borders: Int32Array | undefined

  constructor(text: string, needle: string) {
    this.#text = text
    this.needle = needle
  }

  next(from: number): number {
    const { needle } = this
    if (needle.length <= SHORT) return this.#text.indexOf(needle, from)
    this.#borders ??= bordersOf(needle)
    let matched = 0
    for (let at = from; at < this.#text.length; at++) {
      const unit = this.#text.charCodeAt(at)
      while (matched > 0 && needle.charCodeAt(matched) !== unit) matched = this.#borders[matched - 1]
      if (needle.charCodeAt(matched) === unit) matched++
      if (matched === needle.length) return at - matched + 1
    }
    return -1
  }

  /** The offsets of all non-overlapping occurrences, from the left. */
  *all(): Generator<number> {
    for (let at = this.next(0); at >= 0; at = this.next(at + this.needle.length)) yield at
  }
}

/** For each prefix, the length of its longest proper suffix that is also a prefix (Knuth, Morris and Pratt). */
function bordersOf(needle: string): Int32Array {
  const borders = new Int32Array(needle.length)
  let border = 0
  for (let at = 1; at < needle.length; at++) {
    while (border > 0 && needle.charCodeAt(at) !== needle.charCodeAt(border)) border = borders[border - 1]
    if (needle.charCodeAt(at) === needle.charCodeAt(border)) border++
    borders[at] = border
  }
  return borders
}

export function includes(text: string, needle: string): boolean {
  return needle === '' || new Searcher(text, needle).next(0) >= 0
}

/** Finds the last occurrence that ends at or before an offset; -1 if there is none. */
export class BackwardSearcher {
  readonly #text: string
  readonly #needle: string
  #mirror: Searcher | undefined

  constructor(text: string, needle: string) {
    this.#text = text
    this.#needle = needle
  }

  next(end: number): number {
    const last = end - this.#needle.length
    if (last < 0) return -1
    if (this.#needle.length <= SHORT) return this.#text.lastIndexOf(this.#needle, last)
    this.#mirror ??= new Searcher(mirrored(this.#text), mirrored(this.#needle))
    const found = this.#mirror.next(this.#text.length - end)
    return found < 0 ? -1 : this.#text.length - found - this.#needle.length
  }
}

function mirrored(text: string): string {
  return text.split('').reverse().join('')
}

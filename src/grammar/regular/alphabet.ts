import { type CodePointRange, normalized } from '../code-points.js'

const LAST = 0x10ffff
const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff

/**
 * Character classes: characters that an automaton does not distinguish share a class. Classes are unions of code point
 * intervals; surrogates, which do not occur in text, belong to the class of their neighbours.
 */
export class Alphabet {
  /** Start of each interval, ascending from 0, and its class. */
  readonly #starts: readonly number[]
  readonly #classes: readonly number[]
  readonly size: number

  private constructor(starts: readonly number[], classes: readonly number[]) {
    this.#starts = starts
    this.#classes = classes
    this.size = classes.reduce((most, each) => Math.max(most, each + 1), 0)
  }

  /** The coarsest alphabet that distinguishes these sets. */
  static of(sets: readonly (readonly CodePointRange[])[]): Alphabet {
    const borders = new Set([0])
    for (const [low, high] of sets.flat()) {
      borders.add(low)
      if (high < LAST) borders.add(high + 1)
    }
    const starts = [...borders].sort((a, b) => a - b)
    const indexOf = new Map(starts.map((start, i) => [start, i]))
    /** Per interval: the sets that contain it. */
    const members: number[][] = starts.map(() => [])
    for (const [set, ranges] of sets.entries()) {
      for (const [low, high] of ranges) {
        const end = high < LAST ? indexOf.get(high + 1)! : starts.length
        for (let i = indexOf.get(low)!; i < end; i++) members[i].push(set)
      }
    }
    return Alphabet.#numbered(
      starts,
      members.map((sets) => sets.join()),
    )
  }

  /** The coarsest common refinement of two alphabets, and the class in each of them of every new class. */
  static common(
    a: Alphabet,
    b: Alphabet,
  ): { readonly alphabet: Alphabet; readonly ofA: readonly number[]; readonly ofB: readonly number[] } {
    if (a === b) {
      const same = Array.from({ length: a.size }, (_, i) => i)
      return { alphabet: a, ofA: same, ofB: same }
    }
    const starts = [...new Set([...a.#starts, ...b.#starts])].sort((x, y) => x - y)
    const pairs = starts.map((start) => [a.classOf(start), b.classOf(start)])
    const alphabet = Alphabet.#numbered(
      starts,
      pairs.map((pair) => pair.join()),
    )
    const ofA: number[] = []
    const ofB: number[] = []
    for (const [i, [x, y]] of pairs.entries()) {
      if (isSurrogates(starts, i)) continue
      ofA[alphabet.#classes[i]] = x
      ofB[alphabet.#classes[i]] = y
    }
    return { alphabet, ofA, ofB }
  }

  /** One class per distinct interval name. */
  static #numbered(starts: readonly number[], names: readonly string[]): Alphabet {
    const known = new Map<string, number>()
    let previous = 0
    const classes = names.map((name, i) => {
      if (isSurrogates(starts, i)) return previous
      let found = known.get(name)
      if (found === undefined) {
        found = known.size
        known.set(name, found)
      }
      previous = found
      return found
    })
    return new Alphabet(starts, classes)
  }

  classOf(codePoint: number): number {
    return this.#classes[this.#intervalOf(codePoint)]
  }

  /** The classes of a set that the alphabet distinguishes from its complement. */
  classesOf(ranges: readonly CodePointRange[]): number[] {
    const found = new Set<number>()
    for (const [low, high] of ranges) {
      for (let i = this.#intervalOf(low); i < this.#starts.length && this.#starts[i] <= high; i++) {
        if (!isSurrogates(this.#starts, i)) found.add(this.#classes[i])
      }
    }
    return [...found]
  }

  #intervalOf(codePoint: number): number {
    let low = 0
    let high = this.#starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.#starts[middle] <= codePoint) low = middle
      else high = middle
    }
    return low
  }

  /** The characters of these classes. */
  rangesOf(classes: ReadonlySet<number>): CodePointRange[] {
    const ranges: CodePointRange[] = []
    for (const [i, start] of this.#starts.entries()) {
      if (classes.has(this.#classes[i])) ranges.push([start, (this.#starts[i + 1] ?? LAST + 1) - 1])
    }
    return normalized(ranges)
  }
}

function isSurrogates(starts: readonly number[], i: number): boolean {
  return starts[i] >= FIRST_SURROGATE && (starts[i + 1] ?? LAST + 1) <= LAST_SURROGATE + 1
}

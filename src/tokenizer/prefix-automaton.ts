import { PairTable } from './pair-table.js'

const ROOT = 0
const NONE = -1

/**
 * Finds which words begin at each position of a text, in one pass from its end: an Aho-Corasick automaton over the
 * reversed words. Words that begin at the same position are prefixes of each other, so they form a chain, longest first.
 * Source: Aho and Corasick, "Efficient String Matching" (1975).
 */
export class PrefixAutomaton {
  /** Transitions: the child of a node by code unit. */
  readonly #children: PairTable
  /** Code units with which a word ends: at the root, all others stay at the root. */
  readonly #lastUnits = new Uint8Array(0x10000)
  /** Failure links: the node of the longest proper suffix of a node's string. */
  readonly #fallbacks: Int32Array
  /** Per node: the word it spells, or else the longest word that is a suffix of its string, or -1. */
  readonly #words: Int32Array
  readonly #shorter: Chain

  /** `words`: distinct and not empty. `lengths`: their lengths in code units. */
  constructor(words: readonly string[], lengths: Uint32Array) {
    const most = lengths.reduce((sum, length) => sum + length, 1)
    const children = new PairTable(0)
    const units = new Uint16Array(most)
    const parents = new Int32Array(most)
    const depths = new Uint32Array(most)
    const ownWords = new Int32Array(most).fill(NONE)
    let nodes = 1
    words.forEach((word, index) => {
      let node = ROOT
      for (let at = word.length - 1; at >= 0; at--) {
        const unit = word.charCodeAt(at)
        let child = children.get(node, unit)
        if (child < 0) {
          child = nodes++
          children.add(node, unit, child)
          units[child] = unit
          parents[child] = node
          depths[child] = depths[node] + 1
        }
        node = child
      }
      ownWords[node] = index
      this.#lastUnits[word.charCodeAt(word.length - 1)] = 1
    })
    this.#children = children
    this.#fallbacks = new Int32Array(nodes)
    this.#words = ownWords.slice(0, nodes)
    this.#shorter = new Chain(lengths)
    for (const node of byDepth(depths, nodes)) {
      if (node === ROOT) continue
      const parent = parents[node]
      const fallback = parent === ROOT ? ROOT : this.#step(this.#fallbacks[parent], units[node])
      this.#fallbacks[node] = fallback
      const suffix = this.#words[fallback]
      if (ownWords[node] === NONE) this.#words[node] = suffix
      else this.#shorter.link(ownWords[node], suffix)
    }
  }

  /** The longest word that begins at each position of the text, or -1. */
  longest(text: string): Int32Array {
    const found = new Int32Array(text.length)
    let node = ROOT
    for (let at = text.length - 1; at >= 0; at--) {
      const unit = text.charCodeAt(at)
      node = node === ROOT && this.#lastUnits[unit] === 0 ? ROOT : this.#step(node, unit)
      found[at] = this.#words[node]
    }
    return found
  }

  /** The longest word of at most `length` code units among `word` and its prefixes, or -1. */
  atMost(word: number, length: number): number {
    return this.#shorter.atMost(word, length)
  }

  /** The length of a word in code units. */
  length(word: number): number {
    return this.#shorter.length(word)
  }

  /** The next shorter word that `word` begins with, or -1. */
  shorter(word: number): number {
    return this.#shorter.next(word)
  }

  #step(from: number, unit: number): number {
    for (let node = from; ; node = this.#fallbacks[node]) {
      const child = this.#children.get(node, unit)
      if (child >= 0) return child
      if (node === ROOT) return ROOT
    }
  }
}

/** Nodes sorted by depth. */
function byDepth(depths: Uint32Array, nodes: number): Int32Array {
  const starts = new Int32Array(nodes + 1)
  for (let node = 0; node < nodes; node++) starts[depths[node] + 1]++
  for (let depth = 0; depth < nodes; depth++) starts[depth + 1] += starts[depth]
  const order = new Int32Array(nodes)
  for (let node = 0; node < nodes; node++) order[starts[depths[node]]++] = node
  return order
}

/**
 * Links each word to the next shorter one, with skip pointers: the first word of at most a given length is found in
 * logarithmic time. Source: Myers, "An applicative random-access stack" (1983).
 */
class Chain {
  readonly #lengths: Uint32Array
  readonly #next: Int32Array
  readonly #jump: Int32Array
  readonly #ranks: Int32Array

  constructor(lengths: Uint32Array) {
    this.#lengths = lengths
    this.#next = new Int32Array(lengths.length).fill(NONE)
    this.#jump = new Int32Array(lengths.length).fill(NONE)
    this.#ranks = new Int32Array(lengths.length)
  }

  /** Links `word` to `next`, which is already linked, or -1. */
  link(word: number, next: number): void {
    const jump = this.#jumpOf(next)
    const far = this.#jumpOf(jump)
    this.#next[word] = next
    this.#ranks[word] = this.#rankOf(next) + 1
    const isEven = this.#rankOf(next) - this.#rankOf(jump) === this.#rankOf(jump) - this.#rankOf(far)
    this.#jump[word] = isEven ? far : next
  }

  next(word: number): number {
    return this.#next[word]
  }

  length(word: number): number {
    return this.#lengths[word]
  }

  atMost(word: number, length: number): number {
    let at = word
    while (at !== NONE && this.#lengths[at] > length) {
      const jump = this.#jump[at]
      at = jump !== NONE && this.#lengths[jump] > length ? jump : this.#next[at]
    }
    return at
  }

  /** Number of words from this one to the end of the chain. */
  #rankOf(word: number): number {
    return word === NONE ? 0 : this.#ranks[word]
  }

  #jumpOf(word: number): number {
    return word === NONE ? NONE : this.#jump[word]
  }
}

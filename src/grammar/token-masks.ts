import { BoundedCache } from './bounded-cache.js'
import type { ByteAutomaton } from './byte-automaton.js'
import { MASK_CACHE_BYTES } from './limits.js'
import { DEAD, type Readings } from './reading.js'
import type { TokenTrie } from './token-trie.js'

/** The allowed next tokens as a bit set: bit `id & 31` of word `id >>> 5`. */
export interface TokenMask {
  readonly bits: Uint32Array
  /** Whether any text token is allowed. */
  readonly hasText: boolean
}

/** The tokens allowed within the entered rules, and where in the trie those rules are left. */
interface LocalMask {
  readonly bits: Uint32Array
  readonly hasText: boolean
  /** Trie nodes at which the outer rules continue. */
  readonly exits: Int32Array
}

/**
 * Computes masks by walking the token trie and the readings in parallel, skipping a subtree as soon as nothing matches.
 * The walk of a set ignores the stack that its readings share: strings anywhere in a document share one walk, and
 * only tokens that extend beyond the string are checked additionally.
 */
export class TokenMasks {
  readonly #trie: TokenTrie
  readonly #classOf: Uint8Array
  readonly #readings: Readings
  readonly #endIds: readonly number[]
  readonly #masks = new BoundedCache<TokenMask>(MASK_CACHE_BYTES, ({ bits }) => bits.byteLength)
  readonly #locals = new BoundedCache<LocalMask>(
    MASK_CACHE_BYTES,
    ({ bits, exits }) => bits.byteLength + exits.byteLength,
  )
  /** The set at each depth of a walk. */
  readonly #path: Int32Array

  constructor(trie: TokenTrie, automaton: ByteAutomaton, readings: Readings, endIds: readonly number[]) {
    this.#trie = trie
    this.#classOf = automaton.classOf
    this.#readings = readings
    this.#endIds = endIds
    this.#path = new Int32Array(trie.deepest + 1)
  }

  /** The tokens allowed in this set; end-of-generation tokens if the text may end. */
  of(set: number): TokenMask {
    return this.#masks.get(set, () => {
      const { local, after } = this.#readings.localized(set)
      const inner = this.#locals.get(local, () => this.#walkLocal(local))
      const mask = { bits: inner.bits.slice(), hasText: inner.hasText }
      if (after !== DEAD) {
        for (const node of inner.exits) {
          const found = this.#walk(after, node + 1, this.#trie.skip[node], this.#trie.depth[node], mask.bits)
          if (found) mask.hasText = true
        }
      }
      if (this.#readings.ended[set]) for (const id of this.#endIds) mask.bits[id >>> 5] |= 1 << (id & 31)
      return mask
    })
  }

  #walkLocal(set: number): LocalMask {
    const bits = this.#emptyBits()
    const exits: number[] = []
    const hasText = this.#walk(set, 1, this.#trie.size, 0, bits, exits)
    return { bits, hasText, exits: new Int32Array(exits) }
  }

  /**
   * Sets the bits of all matching tokens below the node at `depth` whose children start at node `first`. Returns whether
   * there are any.
   */
  #walk(
    set: number,
    first: number,
    last: number,
    depth: number,
    bits: Uint32Array,
    exits?: number[],
  ): boolean {
    const { byte, depth: depths, skip, first: firstIds, ids } = this.#trie
    const readings = this.#readings
    const classOf = this.#classOf
    const path = this.#path
    const { width } = readings
    let { table, ended } = readings
    let hasText = false
    path[depth] = set
    for (let node = first; node < last; ) {
      const at = depths[node]
      const before = path[at - 1]
      const byteClass = classOf[byte[node]]
      let next = table[before * width + byteClass]
      if (next < 0) {
        next = readings.step(before, byteClass)
        table = readings.table
        ended = readings.ended
      }
      if (next === DEAD) {
        node = skip[node]
        continue
      }
      path[at] = next
      if (firstIds[node] < firstIds[node + 1] && readings.mayRest(next)) {
        // Whether a token may rest there may have been a step that no token has taken yet.
        table = readings.table
        ended = readings.ended
        for (let i = firstIds[node]; i < firstIds[node + 1]; i++) {
          const id = ids[i]
          bits[id >>> 5] |= 1 << (id & 31)
        }
        hasText = true
      }
      if (ended[next] === 1) exits?.push(node)
      node++
    }
    return hasText
  }

  #emptyBits(): Uint32Array {
    return new Uint32Array(Math.ceil(this.#trie.vocabSize / 32))
  }
}

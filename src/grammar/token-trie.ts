import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { grammarBytes } from './control-bytes.js'

/**
 * A vocabulary's tokens as a trie over bytes, with the nodes in depth-first order, so that a walk is a loop over arrays.
 * Control tokens have bytes of their own; end-of-generation and unused tokens are not in it.
 */
export class TokenTrie {
  /** Per node except the root: the byte of its incoming edge. */
  readonly byte: Uint8Array
  /** Per node: its depth. */
  readonly depth: Uint16Array
  /** Per node: the first node after its subtree. */
  readonly skip: Int32Array
  /** Per node: the start of its tokens in `ids`; they end at the next node's start. */
  readonly first: Int32Array
  readonly ids: Int32Array
  readonly deepest: number
  readonly vocabSize: number

  constructor(tokenizer: Tokenizer) {
    const { vocabSize } = tokenizer
    this.vocabSize = vocabSize
    const tokens: { id: TokenId; spelling: string }[] = []
    let most = 1
    for (let id = 0; id < vocabSize; id++) {
      const bytes = grammarBytes(tokenizer, id)
      if (bytes.length === 0 || bytes.length > MAX_TOKEN_BYTES) continue
      // One character per byte: strings compare faster than arrays.
      tokens.push({ id, spelling: String.fromCharCode(...bytes) })
      most += bytes.length
    }
    tokens.sort((a, b) => (a.spelling < b.spelling ? -1 : a.spelling > b.spelling ? 1 : a.id - b.id))

    const byte = new Uint8Array(most)
    const depth = new Uint16Array(most)
    const skip = new Int32Array(most)
    const first = new Int32Array(most + 1)
    /** The path to the latest node. */
    const path = [0]
    let nodes = 1
    let previous = ''
    for (const [i, { spelling }] of tokens.entries()) {
      let shared = 0
      while (shared < previous.length && previous.charCodeAt(shared) === spelling.charCodeAt(shared)) shared++
      while (path.length > shared + 1) skip[path.pop()!] = nodes
      for (let at = shared; at < spelling.length; at++) {
        path.push(nodes)
        byte[nodes] = spelling.charCodeAt(at)
        depth[nodes] = at + 1
        first[nodes++] = i
      }
      previous = spelling
    }
    for (const node of path) skip[node] = nodes
    first[nodes] = tokens.length
    this.byte = byte.slice(0, nodes)
    this.depth = depth.slice(0, nodes)
    this.skip = skip.slice(0, nodes)
    this.first = first.slice(0, nodes + 1)
    this.ids = Int32Array.from(tokens, ({ id }) => id)
    this.deepest = this.depth.reduce((deepest, each) => Math.max(deepest, each), 0)
  }

  get size(): number {
    return this.byte.length
  }

  /** The tokens that begin with these bytes and have more. */
  beyond(bytes: Uint8Array): Int32Array {
    let [first, last, node] = [1, this.size, 0]
    for (const byte of bytes) {
      for (node = first; node < last && this.byte[node] !== byte; ) node = this.skip[node]
      if (node >= last) return new Int32Array()
      first = node + 1
      last = this.skip[node]
    }
    return this.ids.subarray(this.first[first], this.first[last])
  }

  /** The tokens that contain these bytes and have more after them. */
  around(bytes: Uint8Array): readonly TokenId[] {
    const found: TokenId[] = []
    const path = new Uint8Array(this.deepest)
    const pattern = String.fromCharCode(...bytes)
    for (let node = 1; node < this.size; node++) {
      const depth = this.depth[node]
      path[depth - 1] = this.byte[node]
      if (depth <= bytes.length || this.first[node] === this.first[node + 1]) continue
      const at = String.fromCharCode(...path.subarray(0, depth)).indexOf(pattern)
      if (at < 0 || at + bytes.length === depth) continue
      found.push(...this.ids.subarray(this.first[node], this.first[node + 1]))
    }
    return found
  }
}

/** Longer tokens, which do not occur in practice, are left out. */
const MAX_TOKEN_BYTES = 4096

const tries = new WeakMap<Tokenizer, TokenTrie>()

/** The trie of a tokenizer, built once. */
export function trieOf(tokenizer: Tokenizer): TokenTrie {
  let trie = tries.get(tokenizer)
  if (!trie) {
    trie = new TokenTrie(tokenizer)
    tries.set(tokenizer, trie)
  }
  return trie
}

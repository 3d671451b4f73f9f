import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'

/**
 * The texts of a vocabulary as a tree over bytes: the nodes in the order of a depth-first walk, so that a walk is a loop
 * over arrays. Tokens that are no text (control tokens, ends, unused ones) are not in it.
 */
export class TokenTrie {
  /** Of each node but the root: the byte that leads to it. */
  readonly byte: Uint8Array
  /** Of each node: its distance from the root. */
  readonly depth: Uint16Array
  /** Of each node: the first one that is not below it. */
  readonly skip: Int32Array
  /** Of each node: where its tokens begin in `ids`; they end where those of the next node begin. */
  readonly first: Int32Array
  readonly ids: Int32Array
  readonly deepest: number
  readonly vocabSize: number

  constructor(tokenizer: Tokenizer) {
    const { vocabSize, endOfGeneration } = tokenizer
    this.vocabSize = vocabSize
    const tokens: { id: TokenId; spelling: string }[] = []
    let most = 1
    for (let id = 0; id < vocabSize; id++) {
      if (endOfGeneration.has(id) || tokenizer.isControl(id)) continue
      const bytes = tokenizer.pieceBytes(id, { skipSpecial: true })
      if (bytes.length === 0 || bytes.length > MAX_TOKEN_BYTES) continue
      // A character a byte: strings compare faster than arrays.
      tokens.push({ id, spelling: String.fromCharCode(...bytes) })
      most += bytes.length
    }
    tokens.sort((a, b) => (a.spelling < b.spelling ? -1 : a.spelling > b.spelling ? 1 : a.id - b.id))

    const byte = new Uint8Array(most)
    const depth = new Uint16Array(most)
    const skip = new Int32Array(most)
    const first = new Int32Array(most + 1)
    /** The nodes that lead to the latest one. */
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
}

/** Longer ones, which no vocabulary has, are left out. */
const MAX_TOKEN_BYTES = 4096

const tries = new WeakMap<Tokenizer, TokenTrie>()

/** The tree of a tokenizer, built once. */
export function trieOf(tokenizer: Tokenizer): TokenTrie {
  let trie = tries.get(tokenizer)
  if (!trie) {
    trie = new TokenTrie(tokenizer)
    tries.set(tokenizer, trie)
  }
  return trie
}

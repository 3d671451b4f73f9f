import { DasllamaError } from '../errors.js'
import { malformed } from './malformed.js'

const KEY = 'tokenizer.ggml.precompiled_charsmap'
/** Longest text that a rule replaces, in bytes; those of the published maps have up to 20. */
const MAX_KEY = 256
/** Longest replacement, in bytes; those of the published maps have up to 33. */
const MAX_REPLACEMENT = 256
const LABEL_BITS = 0x8000_00ff
const VALUE_BITS = 0x7fff_ffff
const LEAF_BIT = 1 << 8

/** The bytes in [start, end) replace the next `length` bytes of the text. */
export interface Replacement {
  readonly length: number
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/**
 * SentencePiece's normalisation rules ("precompiled charsmap"): a map from byte strings to replacements. Its trie is an
 * XOR-compressed double array: the child by byte `c` of a node with base `b` is unit `b ^ c`, if that is labelled `c`; a
 * node that ends a key has its value in unit `b`, an offset into the replacements, which end with a zero byte.
 * Source: Kanda, "Space- and time-efficient string dictionaries" (2018); Yata's Darts-clone, which SentencePiece uses.
 */
export class Charsmap {
  readonly #replacements: Uint8Array
  readonly #units: Uint32Array

  /**
   * `bytes`: the length of the double array, the array, the replacements. Throws `BAD_FORMAT` for a map that is cut off,
   * has offsets outside itself or goes round in circles, and `LIMIT` for absurdly long rules.
   */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (bytes.length < 4) throw bad(`has ${bytes.length} bytes, too few for its length`)
    const size = view.getUint32(0, true)
    if (size + 4 >= bytes.length)
      throw bad(`has ${bytes.length} bytes, too few for a double array of ${size} bytes and its replacements`)
    if (size % 4 !== 0) throw bad(`has a double array of ${size} bytes, which is not a multiple of 4`)
    this.#units = Uint32Array.from({ length: size / 4 }, (_, index) => view.getUint32(4 + index * 4, true))
    this.#replacements = bytes.subarray(4 + size)
    this.#checkReplacements()
    if (size > 0) this.#checkTrie()
  }

  /** The rule for the longest prefix of the bytes from `position` on, if any. */
  match(bytes: Uint8Array, position: number): Replacement | undefined {
    const units = this.#units
    if (units.length === 0) return undefined
    let length = 0
    let start = 0
    let node = baseOf(units[0])
    for (let at = position; at < bytes.length && bytes[at] !== 0; at++) {
      node ^= bytes[at]
      if (node >= units.length) throw outside(node, units.length)
      const unit = units[node]
      if (labelOf(unit) !== bytes[at]) break
      node ^= baseOf(unit)
      if (unit & LEAF_BIT) {
        length = at - position + 1
        start = units[node] & VALUE_BITS
      }
    }
    if (length === 0) return undefined
    const end = this.#replacements.indexOf(0, start)
    return { length, bytes: this.#replacements, start, end }
  }

  #checkReplacements(): void {
    const replacements = this.#replacements
    let start = 0
    for (let at = 0; at < replacements.length; at++) {
      if (at - start > MAX_REPLACEMENT) throw tooLong(`a replacement of more than ${MAX_REPLACEMENT} bytes`)
      if (replacements[at] === 0) start = at + 1
    }
    if (start < replacements.length) throw bad('ends within a replacement')
  }

  /** Visits every node that the root leads to; those with the same base, which share their children, once. */
  #checkTrie(): void {
    const units = this.#units
    const children = childrenByBase(units)
    /** For each base: 0 if it is new, -1 while its children are visited, else 1 + the levels below it. */
    const levels = new Int32Array(units.length)
    const stack: { readonly base: number; at: number }[] = []
    const enter = (base: number) => {
      if (base >= units.length) throw outside(base, units.length)
      if (levels[base] < 0) throw bad('has a double array that goes round in circles')
      if (levels[base] > 0) return
      levels[base] = -1
      stack.push({ base, at: children.starts[base] })
    }
    const root = baseOf(units[0])
    enter(root)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.at < children.starts[top.base + 1]) {
        const child = children.units[top.at++]
        const base = child ^ baseOf(units[child])
        enter(base)
        const value = units[base] & VALUE_BITS
        if (units[child] & LEAF_BIT && value >= this.#replacements.length)
          throw bad(`refers to byte ${value} of its replacements, which have ${this.#replacements.length}`)
      } else {
        let most = 0
        for (let at = children.starts[top.base]; at < top.at; at++) {
          const child = children.units[at]
          most = Math.max(most, levels[child ^ baseOf(units[child])])
        }
        levels[top.base] = most + 1
        stack.pop()
      }
    }
    if (levels[root] > MAX_KEY + 1) throw tooLong(`a key of more than ${MAX_KEY} bytes`)
  }
}

function baseOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6)
}

/** The byte that leads to a unit; a number beyond all bytes for a value. */
function labelOf(unit: number): number {
  return (unit & LABEL_BITS) >>> 0
}

/** Units by the base of their parents: those of base `b` are `units[starts[b]]` up to `units[starts[b + 1]]`. */
function childrenByBase(units: Uint32Array): { starts: Int32Array; units: Int32Array } {
  const starts = new Int32Array(units.length + 1)
  const each = (visit: (base: number, unit: number) => void) => {
    for (let index = 0; index < units.length; index++) {
      const label = labelOf(units[index])
      const base = index ^ label
      if (label > 0 && label < 0x100 && base < units.length) visit(base, index)
    }
  }
  each((base) => starts[base + 1]++)
  for (let base = 0; base < units.length; base++) starts[base + 1] += starts[base]
  const next = starts.slice()
  const ordered = new Int32Array(starts[units.length])
  each((base, index) => {
    ordered[next[base]++] = index
  })
  return { starts, units: ordered }
}

function bad(problem: string): DasllamaError {
  return malformed(`${KEY} ${problem}`)
}

function outside(index: number, units: number): DasllamaError {
  return bad(`refers to unit ${index} of its double array, which has ${units}`)
}

function tooLong(what: string): DasllamaError {
  return new DasllamaError('LIMIT', `${KEY} has ${what}`, { hint: 'the file may be damaged' })
}

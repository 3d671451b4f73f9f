import { ByteWriter } from '../gguf/byte-writer.js'
import { ByteTrie } from './byte-trie.js'
import type { Charsmap } from './charsmap.js'
import { ESCAPED_SPACE } from './sentencepiece-spelling.js'

const SPACE = 0x20
const utf8 = /* @__PURE__ */ new TextEncoder()
const REPLACEMENT = /* @__PURE__ */ utf8.encode('\ufffd')
const ESCAPED = /* @__PURE__ */ utf8.encode(ESCAPED_SPACE)

/** What a unigram tokenizer does to text before it looks for tokens. */
export interface UnigramNormalizerOptions {
  readonly charsmap: Charsmap | undefined
  /** User-defined tokens, which are copied without change. */
  readonly verbatim: readonly Uint8Array[]
  /** Whether a space is put before the text (`tokenizer.ggml.add_space_prefix`). */
  readonly addSpacePrefix: boolean
  /** Whether runs of spaces become one, and those at both ends none (`tokenizer.ggml.remove_extra_whitespaces`). */
  readonly mergeSpaces: boolean
}

/**
 * Normalises text to bytes from left to right, each step one of: what user-defined tokens begin with is copied; the
 * longest text that the charsmap knows is replaced; one character is copied. Spaces become U+2581.
 *
 * As in llama.cpp, the beginning of a user-defined token counts as one, even if it ends within a character; what is left
 * of that is replaced by U+FFFD byte by byte.
 */
export class UnigramNormalizer {
  readonly #options: UnigramNormalizerOptions
  readonly #verbatim = new ByteTrie()

  constructor(options: UnigramNormalizerOptions) {
    this.#options = options
    options.verbatim.forEach((bytes, index) => {
      this.#verbatim.add(bytes, index)
    })
  }

  /** The UTF-8 bytes of normalised text. */
  normalize(text: string): Uint8Array {
    const { charsmap, addSpacePrefix, mergeSpaces } = this.#options
    const bytes = utf8.encode(text)
    const writer = new ByteWriter()
    let isPrefixed = false
    let isInWord = false
    const write = (from: Uint8Array, start: number, end: number) => {
      for (let at = start; at < end; ) {
        if (from[at] === SPACE) {
          isInWord = false
          if (!mergeSpaces) writer.raw(ESCAPED)
          at++
          continue
        }
        if (!isInWord && (mergeSpaces || (addSpacePrefix && !isPrefixed))) {
          writer.raw(ESCAPED)
          isPrefixed = true
        }
        isInWord = true
        const first = at
        while (at < end && from[at] !== SPACE) at++
        writer.raw(from.subarray(first, at))
      }
    }
    for (let at = 0; at < bytes.length; ) {
      const copied = this.#verbatimLength(bytes, at)
      const rule = copied === 0 ? charsmap?.match(bytes, at) : undefined
      if (rule) {
        write(rule.bytes, rule.start, rule.end)
        at += rule.length
      } else if (copied === 0 && isContinuation(bytes[at])) {
        write(REPLACEMENT, 0, REPLACEMENT.length)
        at++
      } else {
        const end = at + (copied || utf8Width(bytes[at]))
        write(bytes, at, end)
        at = end
      }
    }
    return writer.toBytes()
  }

  /** How many bytes from `position` on are the beginning of a verbatim text. */
  #verbatimLength(bytes: Uint8Array, position: number): number {
    let at = position
    for (let node = 0; at < bytes.length; at++) {
      node = this.#verbatim.child(node, bytes[at])
      if (node < 0) break
    }
    return at - position
  }
}

/** Bytes of the UTF-8 character that begins with this byte; 1 within a character. */
export function utf8Width(byte: number): number {
  if (byte < 0xc0) return 1
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

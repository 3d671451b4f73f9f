/** Formats in which a message's header names the tool, so that the name comes before the call begins. */

import type { CodePointRange } from '../../grammar/code-points.js'
import { compileGrammar, type Matcher } from '../../grammar/compiled-grammar.js'
import { choice, EMPTY, type Node, repeat, sequence, set, text } from '../../grammar/grammar.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import type { ReplyFormat } from '../reply/format.js'
import { TokenSet } from './token-set.js'
import { type CallWriter, quotedAttribute } from './writer.js'

/** How a format's headers name what they are for. */
interface HeaderStyle {
  /** A header up to where its name begins. */
  readonly start: RegExp
  /** The last character of what precedes a name; '' if a header begins with its name. */
  readonly last: string
  /** A header from its name on. */
  rest(writer: CallWriter): Node
}

const ANYTHING = repeat(
  set([
    [0, 0xd7ff],
    [0xe000, 0x10ffff],
  ]),
  0,
)
const SPACES: readonly CodePointRange[] = [
  [9, 10],
  [13, 13],
  [32, 32],
]
/** All but letters, digits, `_`, `.` and `-`. */
const NOT_IN_NAMES: readonly CodePointRange[] = [
  [0, 0x2c],
  [0x2f, 0x2f],
  [0x3a, 0x40],
  [0x5b, 0x5e],
  [0x60, 0x60],
  [0x7b, 0xd7ff],
  [0xe000, 0x10ffff],
]

const STYLES: Readonly<Record<string, HeaderStyle>> = {
  harmony: {
    start: /(?:^|[\s>])to=/,
    last: '=',
    rest: (writer) => {
      const names = writer.tools.flatMap(({ name }) => [`functions.${name}`, name])
      const ends = ['<|channel|>', '<|constrain|>', '<|message|>'].map((marker) => writer.marked(marker))
      return sequence([choice(['assistant', ...names].map(text)), choice([set(SPACES), ...ends]), ANYTHING])
    },
  },
  'kimi-k3': {
    start: /^<\|open\|>call(?: [a-z]+="[^"]*")* tool="/,
    last: '"',
    rest: (writer) => {
      const names = writer.tools.map(({ name }) => text(quotedAttribute(name)))
      return sequence([choice(names), text('"'), ANYTHING])
    },
  },
  functionary: {
    start: /^(?:>>>)?/,
    last: '',
    rest: (writer) => {
      const names = ['all', ...writer.tools.map(({ name }) => name)].map(text)
      // What begins in another way is content without a header.
      const content = choice([set(NOT_IN_NAMES), writer.marked('>>>')])
      return choice([EMPTY, sequence([choice(names), text('\n'), ANYTHING]), sequence([content, ANYTHING])])
    },
  },
}

/** Keeps the names in the headers of a format to those of the tools. */
export class HeaderNames {
  readonly #style: HeaderStyle
  readonly #tokenizer: Tokenizer
  readonly #grammar: ReturnType<typeof compileGrammar>

  private constructor(style: HeaderStyle, tokenizer: Tokenizer, writer: CallWriter) {
    this.#style = style
    this.#tokenizer = tokenizer
    this.#grammar = compileGrammar(tokenizer, {
      rules: new Map([['name', style.rest(writer)]]),
      root: 'name',
    })
  }

  /** `undefined` for formats whose headers name no tools. */
  static of({ tools }: ReplyFormat, tokenizer: Tokenizer, writer: CallWriter): HeaderNames | undefined {
    const style = Object.hasOwn(STYLES, tools) ? STYLES[tools] : undefined
    return style && new HeaderNames(style, tokenizer, writer)
  }

  /** Where the name of a header begins and what may follow what there is of it; `undefined` if there is none, or another one. */
  begin(header: string): { readonly matcher: Matcher; readonly at: number } | undefined {
    const at = this.#endOfStart(header)
    if (at < 0) return undefined
    const matcher = this.#grammar.matcher()
    return matcher.read(new TextEncoder().encode(header.slice(at))) ? { matcher, at } : undefined
  }

  /** The tokens after a header that reach its name and go on with another one. */
  refused(header: string): TokenSet {
    const refused = new TokenSet(this.#tokenizer.vocabSize)
    if (this.#style.last === '' || this.#endOfStart(header) >= 0) return refused
    const ids = tokensWith(this.#style.last, this.#tokenizer).filter(({ piece }) => {
      const at = this.#endOfStart(header + piece)
      const rest = at < 0 ? '' : (header + piece).slice(at)
      return rest !== '' && !this.#grammar.matcher().read(new TextEncoder().encode(rest))
    })
    refused.addAll(ids.map(({ id }) => id))
    return refused
  }

  #endOfStart(header: string): number {
    const found = this.#style.start.exec(header)
    return found ? found.index + found[0].length : -1
  }
}

interface Token {
  readonly id: TokenId
  readonly piece: string
}

/** Tokens by the character that they contain. */
const crossing = new WeakMap<Tokenizer, Map<string, readonly Token[]>>()

/** The tokens that have more after a character. */
function tokensWith(character: string, tokenizer: Tokenizer): readonly Token[] {
  const ofTokenizer = crossing.get(tokenizer) ?? new Map<string, readonly Token[]>()
  crossing.set(tokenizer, ofTokenizer)
  const known = ofTokenizer.get(character)
  if (known) return known
  const found: Token[] = []
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const piece = tokenizer.piece(id)
    if (piece.includes(character) && !piece.endsWith(character)) found.push({ id, piece })
  }
  ofTokenizer.set(character, found)
  return found
}

/** Follows the headers of a reply, and the names in them. */
export class NameInHeader {
  readonly #compiled: { names(): HeaderNames | undefined }
  #header: string | undefined
  #matcher: Matcher | undefined
  /** Where the name begins in the header. */
  #at = 0

  constructor(compiled: { names(): HeaderNames | undefined }) {
    this.#compiled = compiled
  }

  /** The reply has come to this header, or to none, with a token. */
  follow(header: string | undefined, token?: { readonly id: TokenId; readonly piece: string }): void {
    this.#header = header
    if (header === undefined) {
      this.#matcher = undefined
      return
    }
    // A part of a character is not in the header yet.
    if (this.#matcher && token?.piece === '') {
      try {
        this.#matcher.accept(token.id)
      } catch {
        // It was not sampled.
        this.#matcher = undefined
      }
      return
    }
    const begun = this.#compiled.names()?.begin(header)
    this.#matcher = begun?.matcher
    this.#at = begun?.at ?? 0
  }

  /** The tokens that may follow; `undefined`: any. */
  mask(): Uint32Array | undefined {
    if (this.#header === undefined) return undefined
    if (!this.#matcher) {
      const refused = this.#compiled.names()?.refused(this.#header)
      return refused && !refused.isEmpty ? refused.others() : undefined
    }
    const isOver = this.#header.length > this.#at && this.#matcher.isComplete
    return isOver ? undefined : this.#matcher.mask()
  }
}

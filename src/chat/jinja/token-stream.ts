import { describeValue } from '../../describe.js'
import { templateInvalid, templateLimit } from './failures.js'
import type { TemplateSource } from './source.js'
import { describe, type Token } from './tokens.js'

/** Expressions and statements within each other. Python gives up at about as many. */
const MAX_NESTING = 100

/** Operators of one precedence in a row. */
const MAX_CHAIN = 200

/** A template's tokens on their way through the parser. */
export class TokenStream {
  readonly #source: TemplateSource
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  /** The last token is `end`. */
  constructor(source: TemplateSource, tokens: readonly Token[]) {
    this.#source = source
    this.#tokens = tokens
  }

  get current(): Token {
    return this.#tokens[this.#next]
  }

  /** The token after the current one. */
  get following(): Token {
    return this.#tokens[Math.min(this.#next + 1, this.#tokens.length - 1)]
  }

  /** The current token, which is left. */
  take(): Token {
    const token = this.current
    if (token.type !== 'end') this.#next++
    return token
  }

  is(type: Token['type']): boolean {
    return this.current.type === type
  }

  isName(...names: readonly string[]): boolean {
    const token = this.current
    return token.type === 'name' && names.includes(token.text)
  }

  /** Leaves the current token where it is of this type. */
  skip(type: Token['type']): boolean {
    const found = this.is(type)
    if (found) this.take()
    return found
  }

  skipName(name: string): boolean {
    const found = this.isName(name)
    if (found) this.take()
    return found
  }

  expect(type: Token['type']): Token {
    if (!this.is(type)) this.unexpected(`"${type}"`)
    return this.take()
  }

  expectName(name: string): void {
    if (!this.skipName(name)) this.unexpected(`"${name}"`)
  }

  /** A name, with its offset. */
  name(): { readonly text: string; readonly at: number } {
    const token = this.current
    if (token.type !== 'name') this.unexpected('a name')
    this.take()
    return token
  }

  unexpected(wanted: string): never {
    const { current } = this
    this.fail(`unexpected ${shortened(describe(current))} where ${wanted} should be`, current.at)
  }

  fail(what: string, at = this.current.at): never {
    throw templateInvalid(what, this.#source.place(at))
  }

  /** One level deeper while `work` runs. Throws `LIMIT`. */
  deeper<T>(work: () => T): T {
    if (++this.#depth > MAX_NESTING) {
      throw templateLimit(
        `nests more than ${MAX_NESTING} levels deep (${this.#source.place(this.current.at)})`,
      )
    }
    const result = work()
    this.#depth--
    return result
  }

  /** Checks how many operators of one precedence follow each other: each of them nests those before it. */
  chained(count: number): void {
    if (count > MAX_CHAIN) {
      throw templateLimit(`chains more than ${MAX_CHAIN} operators (${this.#source.place(this.current.at)})`)
    }
  }
}

function shortened(description: string): string {
  return description.startsWith('"') ? describeValue(description.slice(1, -1)) : description
}

import { describeValue } from '../../describe.js'
import { templateInvalid, templateLimit } from './failures.js'
import type { TemplateSource } from './source.js'
import { describe, type Token } from './tokens.js'

/** Nesting depth of expressions and statements. Python's limit is about the same. */
const MAX_NESTING = 100

/** Length of a chain of operators of one precedence. */
const MAX_CHAIN = 200

/** The tokens of a template, read by the parser. */
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

  /** Consumes and returns the current token. */
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

  /** Consumes the current token if it is of this type. */
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
    this.fail(`unexpected ${shortened(describe(current))}, expected ${wanted}`, current.at)
  }

  fail(what: string, at = this.current.at): never {
    throw templateInvalid(what, this.#source.location(at))
  }

  /** One level deeper while `work` runs. Throws `LIMIT`. */
  deeper<T>(work: () => T): T {
    if (++this.#depth > MAX_NESTING) {
      throw templateLimit(
        `nests more than ${MAX_NESTING} levels deep (${this.#source.location(this.current.at)})`,
      )
    }
    const result = work()
    this.#depth--
    return result
  }

  /** Limits the length of a chain of operators, because each of them nests those before it. Throws `LIMIT`. */
  chained(count: number): void {
    if (count > MAX_CHAIN) {
      throw templateLimit(
        `chains more than ${MAX_CHAIN} operators (${this.#source.location(this.current.at)})`,
      )
    }
  }
}

function shortened(description: string): string {
  return description.startsWith('"') ? describeValue(description.slice(1, -1)) : description
}

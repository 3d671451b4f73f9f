import type { CompiledGrammar, Matcher } from '../../grammar/compiled-grammar.js'
import { trieOf } from '../../grammar/token-trie.js'
import type { TokenConstraint } from '../../session/token-constraint.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import type { ReplyFormat } from '../reply/format.js'
import type { ContentHost } from '../reply/machine.js'
import { FramedParser, type ReplyParserOptions } from '../reply/parser.js'
import type { FunctionTool } from '../tools.js'
import { isBareCall } from './bare-call.js'
import { ProbeReader } from './call-probe.js'
import { type HeaderNames, NameInHeader } from './header-names.js'
import { TokenSet } from './token-set.js'
import { type Controls, markedBytes } from './writer.js'

/** The compiled grammars of a reply's calls, each made when it is first needed. */
export interface CompiledCalls {
  /** From the opening marker of a call on; `undefined` if calls that the model begins are not constrained. */
  entry(): CompiledGrammar | undefined
  /** What the reply must be, from its beginning or after the reasoning; `undefined` if the model decides. */
  readonly forced: CompiledGrammar | undefined
  /** The same after a marker that ends the reasoning. */
  forcedAfter(marker: string): CompiledGrammar
  /** Tokens that contain a marker and go on with something that is not allowed after it. */
  refused(): TokenSet
  /** Keeps names in headers to those of tools; `undefined` for formats without such headers, and for calls that are not constrained. */
  names(): HeaderNames | undefined
}

/** What a constraint is made of. */
export interface CallConstraintParts {
  readonly tokenizer: Tokenizer
  readonly format: ReplyFormat
  readonly controls: Controls
  readonly tools: readonly FunctionTool[]
  readonly parser: Pick<ReplyParserOptions, 'prefill'>
  readonly compiled: CompiledCalls
  /** Markers that open a call in content. */
  readonly opens: readonly string[]
  /** Markers that end the reasoning. */
  readonly closes: readonly string[]
  /** Whether the reply ends with its first call. */
  readonly isSingle: boolean
}

/**
 * Lets the model write freely up to the marker that opens a call, and from there on only what the grammar of calls allows. What is a
 * marker is decided by the machine that parses the reply. Outside of calls there is no mask, except where a token would complete a
 * marker and go on with something that is not allowed after it.
 */
export class CallConstraint implements TokenConstraint {
  readonly #parts: CallConstraintParts
  readonly #parser: FramedParser
  readonly #decoder: ReturnType<Tokenizer['createDecoder']>
  readonly #names: ReadonlySet<string>
  /** `free`: the model decides. `call`: within calls that the model has begun. `off`: a call that cannot be followed. */
  #state: 'thinking' | 'free' | 'forced' | 'call' | 'over' | 'off'
  #matcher: Matcher | undefined
  #probe: ProbeReader | undefined
  readonly #header: NameInHeader

  constructor(parts: CallConstraintParts) {
    const { tokenizer, format, parser, tools, compiled } = parts
    this.#parts = parts
    this.#decoder = tokenizer.createDecoder()
    this.#names = new Set(tools.map((tool) => tool.function.name))
    this.#parser = new FramedParser(format, { tools, ...parser }, (opening, content) =>
      this.#open(opening, content),
    )
    this.#header = new NameInHeader(compiled)
    this.#state = 'free'
    if (compiled.forced) {
      if (this.#parser.isReasoning) this.#state = 'thinking'
      else this.#force(compiled.forced.matcher())
    } else this.#header.follow(this.#parser.header)
  }

  get isComplete(): boolean {
    switch (this.#state) {
      case 'free':
      case 'off':
      case 'over':
        return true
      case 'thinking':
        return false
      default:
        return this.#matcher!.isComplete
    }
  }

  get isExhausted(): boolean {
    if (this.#state === 'over') return true
    return this.#matcher?.isExhausted === true && this.#matcher.isComplete && this.#state === 'forced'
  }

  mask(): Uint32Array | undefined {
    switch (this.#state) {
      case 'forced':
      case 'call':
        return this.#matcher!.mask()
      case 'thinking':
        return this.#mask([...this.#parts.tokenizer.endOfGeneration], this.#parts.closes)
      case 'free':
        return this.#parser.isReasoning
          ? undefined
          : (this.#header.mask() ?? this.#mask([], this.#parts.opens))
      default:
        return undefined
    }
  }

  accept(id: TokenId): void {
    if (this.#state === 'off' || this.#state === 'over') return
    const { tokenizer } = this.#parts
    const token = { id, piece: this.#decoder.push(id), isControl: tokenizer.isControl(id) }
    if (this.#matcher) {
      this.#matcher.accept(id)
      if (this.#state === 'call') this.#afterCall()
      else this.#whileForced(token)
      return
    }
    const before = this.#parser.held
    this.#parser.push(token)
    if (this.#state === 'thinking') {
      if (!this.#parser.isReasoning) this.#afterThoughts(before + token.piece)
    } else {
      this.#header.follow(this.#parser.header, token)
      this.#enter()
    }
  }

  /** Ids that the session has evaluated without sampling them: they may be others than those that are allowed. */
  follow(ids: readonly TokenId[]): void {
    for (const id of ids) {
      const { forced } = this.#parts.compiled
      try {
        this.accept(id)
      } catch {
        if (forced) this.#force(forced.matcher())
      }
    }
  }

  #open(opening: string, content: ContentHost): ProbeReader {
    this.#probe = new ProbeReader(opening, content)
    return this.#probe
  }

  /** The model has begun a call, unless it turns out to be content. */
  #enter(): void {
    const probe = this.#probe
    if (!probe || probe.isOver) return
    const { controls, compiled } = this.#parts
    if (probe.opening === '') {
      const isCall = isBareCall(probe.read, this.#names)
      if (isCall === false) probe.reject()
      if (!isCall) return
    }
    const matcher = compiled.entry()?.matcher()
    const begins = markedBytes(canonical(probe.opening), controls)
    const reads = (bytes: Uint8Array) => matcher?.read(bytes) === true
    if (!reads(begins) || !reads(new TextEncoder().encode(probe.read))) {
      // Not a call, such as the closing tag of a section, or one that is written in another way.
      if (probe.read === '' && probe.opening.startsWith('</')) probe.release()
      else this.#state = 'off'
      return
    }
    this.#matcher = matcher
    this.#state = 'call'
    this.#afterCall()
  }

  #afterCall(): void {
    const matcher = this.#matcher!
    if (!matcher.isComplete || !matcher.isExhausted) return
    this.#matcher = undefined
    this.#probe?.release()
    this.#state = this.#parts.isSingle ? 'over' : 'free'
  }

  /** The reply must be a call, but the model may still open its reasoning. */
  #whileForced(token: { readonly id: TokenId; readonly piece: string; readonly isControl: boolean }): void {
    if (this.#probe) return
    this.#parser.push(token)
    if (!this.#parser.isReasoning) return
    this.#matcher = undefined
    this.#state = 'thinking'
  }

  #afterThoughts(text: string): void {
    const { compiled, closes, controls } = this.#parts
    const found = closes
      .map((marker) => ({ marker, at: text.lastIndexOf(marker) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => b.at - a.at)[0]
    const matcher = compiled.forcedAfter(found?.marker ?? '').matcher()
    const marker = markedBytes(found?.marker ?? '', controls)
    const rest = found ? text.slice(found.at + found.marker.length) : ''
    if (matcher.read(marker) && matcher.read(new TextEncoder().encode(rest))) this.#force(matcher)
    else this.#force(compiled.forced!.matcher())
  }

  #force(matcher: Matcher): void {
    this.#matcher = matcher
    this.#state = 'forced'
    this.#probe = undefined
  }

  /** All tokens but some, and but those that complete a marker and go on with something that may not follow it. */
  #mask(banned: readonly TokenId[], markers: readonly string[]): Uint32Array | undefined {
    const { held } = this.#parser
    const always = this.#parts.compiled.refused()
    if (held === '' && banned.length === 0) return always.isEmpty ? undefined : always.others()
    const refused = new TokenSet(this.#parts.tokenizer.vocabSize)
    refused.addAll(banned)
    refused.addSet(always)
    for (const marker of markers) if (!this.#isControl(marker)) this.#refuseBeyond(marker, held, refused)
    return refused.isEmpty ? undefined : refused.others()
  }

  #refuseBeyond(marker: string, held: string, refused: TokenSet): void {
    const { tokenizer, compiled } = this.#parts
    const trie = trieOf(tokenizer)
    for (let k = Math.min(held.length, marker.length - 1); k > 0; k--) {
      if (!held.endsWith(marker.slice(0, k))) continue
      const beyond = trie.beyond(new TextEncoder().encode(marker.slice(k)))
      if (beyond.length === 0) continue
      const grammar = this.#state === 'thinking' ? compiled.forcedAfter(marker) : compiled.entry()
      const matcher = grammar?.matcher()
      if (!matcher?.read(new TextEncoder().encode(marker.slice(0, k)))) continue
      const allowed = matcher.mask()
      refused.addAll(beyond.filter((id) => (allowed[id >>> 5] & (1 << (id & 31))) === 0))
    }
  }

  #isControl(marker: string): boolean {
    return this.#parts.controls.ids.has(marker)
  }
}

/** Without what only the machine of the reply's sections needs. */
function canonical(opening: string): string {
  return opening.startsWith('>>>') ? opening.slice(3) : opening
}

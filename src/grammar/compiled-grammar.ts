import { DasllamaError } from '../errors.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { ByteAutomaton } from './byte-automaton.js'
import { grammarBytes } from './control-bytes.js'
import type { Grammar } from './grammar.js'
import { DEAD, Readings } from './reading.js'
import { findLeftRecursion, pruned } from './rule-analysis.js'
import { type TokenMask, TokenMasks } from './token-masks.js'
import { trieOf } from './token-trie.js'

/** The state of matching a text against a grammar, token by token. */
export interface Matcher {
  /** The allowed next tokens, one bit each (bit `id & 31` of word `id >>> 5`). Read-only. */
  mask(): Uint32Array
  /** Advances by a token. Throws `INVALID_ARGUMENT` for one that is not allowed. */
  accept(id: TokenId): void
  /** Advances by bytes, of any number of tokens and parts of them; false, without advancing, if they are not allowed. */
  read(bytes: Uint8Array): boolean
  /** Whether the text may end here. */
  readonly isComplete: boolean
  /** Whether no text token is allowed next. */
  readonly isExhausted: boolean
  /** An independent copy of the current state. */
  clone(): Matcher
}

/** A grammar compiled for a vocabulary. Its matchers share their caches. */
export interface CompiledGrammar {
  matcher(): Matcher
  /** Whether a complete text follows the grammar, regardless of tokenization. */
  matches(text: string): boolean
}

/** The caches of an automaton, dropped when they get too large. */
interface Knowledge {
  readonly readings: Readings
  readonly masks: TokenMasks
}

/**
 * Compiles a grammar for a tokenizer. End-of-generation tokens are allowed exactly where the text is complete. Throws
 * `INVALID_ARGUMENT` for left recursion and for a grammar that matches no text, `LIMIT` for one that is too large or too
 * ambiguous.
 */
export function compileGrammar(tokenizer: Tokenizer, source: Grammar): CompiledGrammar {
  const cycle = findLeftRecursion(source)
  if (cycle) {
    throw new DasllamaError('INVALID_ARGUMENT', `left recursion in the grammar: ${shownCycle(cycle)}`, {
      hint: 'let the rule begin with something else, or repeat with * or +',
    })
  }
  const grammar = pruned(source)
  if (!grammar) {
    throw new DasllamaError('INVALID_ARGUMENT', `the grammar matches no text: "${source.root}" never ends`, {
      hint: 'a recursive rule needs an alternative without recursion',
    })
  }
  return new GrammarOnTokens(tokenizer, new ByteAutomaton(grammar))
}

class GrammarOnTokens implements CompiledGrammar {
  readonly tokenizer: Tokenizer
  readonly #automaton: ByteAutomaton
  #knowledge: Knowledge

  constructor(tokenizer: Tokenizer, automaton: ByteAutomaton) {
    this.tokenizer = tokenizer
    this.#automaton = automaton
    this.#knowledge = this.#begin()
  }

  matcher(): Matcher {
    const knowledge = this.current()
    return new TokenMatcher(this, knowledge, knowledge.readings.start)
  }

  matches(text: string): boolean {
    const { readings } = this.current()
    const set = readings.run(readings.start, new TextEncoder().encode(text))
    return readings.ended[set] === 1
  }

  /** The current caches; new ones once they have become too large. */
  current(): Knowledge {
    if (this.#knowledge.readings.isFull) this.#knowledge = this.#begin()
    return this.#knowledge
  }

  #begin(): Knowledge {
    const readings = new Readings(this.#automaton)
    const { tokenizer } = this
    const endIds = [...tokenizer.endOfGeneration]
    return { readings, masks: new TokenMasks(trieOf(tokenizer), this.#automaton, readings, endIds) }
  }
}

class TokenMatcher implements Matcher {
  readonly #grammar: GrammarOnTokens
  #knowledge: Knowledge
  #set: number

  constructor(grammar: GrammarOnTokens, knowledge: Knowledge, set: number) {
    this.#grammar = grammar
    this.#knowledge = knowledge
    this.#set = set
  }

  get isComplete(): boolean {
    return this.#knowledge.readings.ended[this.#set] === 1
  }

  get isExhausted(): boolean {
    return !this.#knowledge.readings.isOpen(this.#set) || !this.#tokens().hasText
  }

  mask(): Uint32Array {
    return this.#tokens().bits
  }

  accept(id: TokenId): void {
    this.#keepUp()
    const { tokenizer } = this.#grammar
    if (tokenizer.endOfGeneration.has(id)) {
      if (!this.isComplete) throw this.#refused(id)
      return
    }
    const bytes = grammarBytes(tokenizer, id)
    const next = bytes.length === 0 ? DEAD : this.#knowledge.readings.run(this.#set, bytes)
    if (next === DEAD || !this.#knowledge.readings.mayRest(next)) throw this.#refused(id)
    this.#set = next
  }

  read(bytes: Uint8Array): boolean {
    this.#keepUp()
    const next = this.#knowledge.readings.run(this.#set, bytes)
    if (next === DEAD) return false
    this.#set = next
    return true
  }

  clone(): Matcher {
    return new TokenMatcher(this.#grammar, this.#knowledge, this.#set)
  }

  #tokens(): TokenMask {
    this.#keepUp()
    return this.#knowledge.masks.of(this.#set)
  }

  /** Switches to the current caches. */
  #keepUp(): void {
    const current = this.#grammar.current()
    if (current === this.#knowledge) return
    this.#set = current.readings.adopt(this.#knowledge.readings, this.#set)
    this.#knowledge = current
  }

  #refused(id: TokenId): DasllamaError {
    const piece = JSON.stringify(this.#grammar.tokenizer.piece(id))
    return new DasllamaError('INVALID_ARGUMENT', `the grammar does not allow token ${id} (${piece}) here`)
  }
}

/** The rules of a cycle, shortened for a message. */
function shownCycle(names: readonly string[]): string {
  const shown = names.length <= 8 ? names : [...names.slice(0, 6), '…', names[names.length - 1]]
  return shown.map((name) => (name.length <= 60 ? name : `${name.slice(0, 57)}…`)).join(' → ')
}

import { DasllamaError } from '../errors.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { ByteAutomaton } from './byte-automaton.js'
import type { Grammar } from './grammar.js'
import { DEAD, Readings } from './reading.js'
import { findLeftRecursion, pruned } from './rule-analysis.js'
import { type TokenMask, TokenMasks } from './token-masks.js'
import { trieOf } from './token-trie.js'

/** How far a text has come along a grammar, token by token. */
export interface Matcher {
  /** The tokens that may come next, a bit each (bit `id & 31` of word `id >>> 5`). Not to be written to. */
  mask(): Uint32Array
  /** Takes a token. Throws `INVALID_ARGUMENT` for one that may not come next. */
  accept(id: TokenId): void
  /** Whether the text may end here. */
  readonly isComplete: boolean
  /** Whether no token of text may come next. */
  readonly isExhausted: boolean
  /** A second one that goes on from here by itself. */
  clone(): Matcher
}

/** A grammar on a vocabulary. Matchers of it share what each of them finds out. */
export interface CompiledGrammar {
  matcher(): Matcher
  /** Whether a whole text follows the grammar, whatever its tokens. */
  matches(text: string): boolean
}

/** What is found out about an automaton on the way, and thrown away when it becomes too much. */
interface Knowledge {
  readonly readings: Readings
  readonly masks: TokenMasks
}

/**
 * Prepares a grammar for a tokenizer's tokens. Tokens that end a generation are allowed exactly where the text is
 * complete. Throws `INVALID_ARGUMENT` for left recursion and for a grammar that no text follows, `LIMIT` for one that is
 * too large or too ambiguous.
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
    throw new DasllamaError('INVALID_ARGUMENT', `no text follows the grammar: "${source.root}" never ends`, {
      hint: 'a rule that always leads to itself again needs an option that does not',
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

  /** What is known; a new beginning when that has become too much. */
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
    const bytes = tokenizer.isControl(id) ? [] : tokenizer.pieceBytes(id, { skipSpecial: true })
    const next = bytes.length === 0 ? DEAD : this.#knowledge.readings.run(this.#set, Uint8Array.from(bytes))
    if (next === DEAD || !this.#knowledge.readings.mayRest(next)) throw this.#refused(id)
    this.#set = next
  }

  clone(): Matcher {
    return new TokenMatcher(this.#grammar, this.#knowledge, this.#set)
  }

  #tokens(): TokenMask {
    this.#keepUp()
    return this.#knowledge.masks.of(this.#set)
  }

  /** Moves over to the knowledge that is current. */
  #keepUp(): void {
    const current = this.#grammar.current()
    if (current === this.#knowledge) return
    this.#set = current.readings.adopt(this.#knowledge.readings, this.#set)
    this.#knowledge = current
  }

  #refused(id: TokenId): DasllamaError {
    const piece = JSON.stringify(this.#grammar.tokenizer.piece(id))
    return new DasllamaError('INVALID_ARGUMENT', `token ${id} (${piece}) may not come here by the grammar`)
  }
}

/** The rules of a cycle, as far as a message has room for them. */
function shownCycle(names: readonly string[]): string {
  const shown = names.length <= 8 ? names : [...names.slice(0, 6), '…', names[names.length - 1]]
  return shown.map((name) => (name.length <= 60 ? name : `${name.slice(0, 57)}…`)).join(' → ')
}

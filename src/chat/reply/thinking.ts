import { checkCount } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import type { ReplyFormat } from './format.js'
import { REASONING_TAGS } from './formats/turn.js'

/** Whether a model thinks before it answers, or for how many tokens at most; 0 is off. */
export type Thinking = 'on' | 'off' | number

/** What it takes to have a model think, or not. */
export interface ThinkingControl {
  /** Variables for the chat template; the caller's own go before them. */
  readonly templateVariables: Readonly<Record<string, unknown>>
  /**
   * What to put behind a prompt so that the reply goes on from there, and what of the reply the prompt has then in all:
   * the parser's `prefill`. Both are empty where the prompt is right as it is.
   */
  opening(prompt: string): { readonly append: string; readonly prefill: string }
  /** The thoughts end after so many tokens: with these ids, which are put behind them. */
  readonly budget?: { readonly tokens: number; readonly closeIds: readonly TokenId[] }
}

const HARMONY_FINAL = '<|channel|>final<|message|>'

/**
 * How to have a model of this format think or not. Without `thinking` nothing is asked for, but it is still found out
 * what the prompt has opened. Throws `INVALID_ARGUMENT` for what is no `Thinking`, and `UNSUPPORTED` where thoughts are
 * wanted of a model that shows none.
 */
export function thinkingControl(
  format: ReplyFormat,
  tokenizer: Pick<Tokenizer, 'encodeSegments'>,
  thinking?: Thinking,
): ThinkingControl {
  checkThinking(thinking)
  const isOff = thinking === 'off' || thinking === 0
  if (format.reasoning === 'none' && thinking !== undefined && !isOff) {
    throw new DasllamaError('UNSUPPORTED', 'this model does not tell what it thinks', {
      hint: 'leave thinking out, or set it to "off"',
    })
  }
  const budget =
    typeof thinking === 'number' && !isOff
      ? { tokens: thinking, closeIds: encodeMarkers(tokenizer, closingOf(format)) }
      : undefined
  return {
    templateVariables: thinking === undefined ? {} : variables(format, { isOff }),
    opening: (prompt) => openingOf(format, prompt, { isOff }),
    ...(budget && { budget }),
  }
}

/** Throws `INVALID_ARGUMENT` for what is no `Thinking`. */
function checkThinking(thinking: unknown): void {
  if (thinking === undefined || thinking === 'on' || thinking === 'off') return
  if (typeof thinking === 'number') checkCount('thinking', thinking, 0, Number.MAX_SAFE_INTEGER)
  else {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `thinking must be "on", "off" or a number of tokens, not ${describeValue(thinking)}`,
    )
  }
}

/** Whether the model is not to think. */
interface Choice {
  readonly isOff: boolean
}

function variables({ thinkingVariables }: ReplyFormat, { isOff }: Choice): Record<string, unknown> {
  const values = { enable_thinking: !isOff, thinking: !isOff, reasoning_effort: isOff ? 'low' : 'medium' }
  return Object.fromEntries(thinkingVariables.map((name) => [name, values[name]]))
}

/** What ends the thoughts and begins the answer. */
function closingOf({ reasoning }: ReplyFormat): string {
  if (reasoning === 'harmony') return `<|end|><|start|>assistant${HARMONY_FINAL}`
  if (reasoning === 'none') return ''
  const { close } = REASONING_TAGS[reasoning]
  return reasoning === 'think' ? `\n${close}\n\n` : close
}

/** What opens the thoughts. */
export function beginningOf({ reasoning }: ReplyFormat): string {
  if (reasoning === 'none') return ''
  if (reasoning === 'harmony') return '<|channel|>analysis<|message|>'
  return REASONING_TAGS[reasoning].open
}

function openingOf(
  format: ReplyFormat,
  prompt: string,
  { isOff }: Choice,
): { append: string; prefill: string } {
  const begin = beginningOf(format)
  const nothing = { append: '', prefill: '' }
  if (begin === '') return nothing
  if (format.reasoning === 'harmony') {
    // Without a channel for thoughts there is nothing to think in.
    return isOff && prompt.endsWith('assistant') ? { append: HARMONY_FINAL, prefill: HARMONY_FINAL } : nothing
  }
  const label = format.reasoning === 'gemma' ? REASONING_TAGS.gemma.label : ''
  const end = prompt.trimEnd().length
  const isOpen = prompt.endsWith(begin, end) || (label !== '' && prompt.endsWith(begin + label.trim(), end))
  if (!isOpen) {
    // A template that has a variable for it needs no help; one that has closed the thoughts neither.
    if (!isOff || format.thinkingVariables.length > 0 || closesThoughts(format, prompt, end)) return nothing
    const append =
      format.reasoning === 'think' ? `${begin}\n\n</think>\n\n` : begin + label + closingOf(format)
    return { append, prefill: append }
  }
  const append = isOff ? closingOf(format) : ''
  return { append, prefill: begin + label + append }
}

function closesThoughts({ reasoning }: ReplyFormat, prompt: string, end: number): boolean {
  return (
    reasoning !== 'none' && reasoning !== 'harmony' && prompt.endsWith(REASONING_TAGS[reasoning].close, end)
  )
}

/** Ids of text with markers in it that goes on after other text: so something stands before it, which has no ids. */
function encodeMarkers(tokenizer: Pick<Tokenizer, 'encodeSegments'>, text: string): TokenId[] {
  const before = { text: '.', trusted: true, ids: [] }
  return tokenizer.encodeSegments([before, { text, trusted: true }], { addBos: false })
}

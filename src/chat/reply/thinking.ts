import { checkCount } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import type { ReplyFormat } from './format.js'
import { REASONING_TAGS } from './formats/turn.js'

/** Whether a model thinks before it answers, or for how many tokens at most; 0 is off. */
export type Thinking = 'on' | 'off' | number

/** What makes a model think, or not. */
export interface ThinkingControl {
  /** Variables for the chat template; the caller's own override them. */
  readonly templateVariables: Readonly<Record<string, unknown>>
  /**
   * What to append to a prompt, and the beginning of the reply that the prompt then contains: the parser's `prefill`. Both are
   * empty if the prompt needs no change.
   */
  opening(prompt: string): { readonly append: string; readonly prefill: string }
  /** The reasoning ends after so many tokens: then these ids are appended. */
  readonly budget?: { readonly tokens: number; readonly closeIds: readonly TokenId[] }
}

const HARMONY_FINAL = '<|channel|>final<|message|>'

/**
 * How to make a model of this format think or not. Without `thinking` nothing is changed, but `opening` still detects what
 * the prompt has opened. Throws `INVALID_ARGUMENT` for an invalid `thinking`, and `UNSUPPORTED` if thinking is requested from
 * a model that does not show its reasoning.
 */
export function thinkingControl(
  format: ReplyFormat,
  tokenizer: Pick<Tokenizer, 'encodeSegments'>,
  thinking?: Thinking,
): ThinkingControl {
  checkThinking(thinking)
  const isOff = thinking === 'off' || thinking === 0
  if (format.reasoning === 'none' && thinking !== undefined && !isOff) {
    throw new DasllamaError('UNSUPPORTED', 'this model does not show its reasoning', {
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

/** Throws `INVALID_ARGUMENT` for values that are not a valid `Thinking`. */
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

/** `isOff`: the model should not think. */
interface Choice {
  readonly isOff: boolean
}

function variables({ thinkingVariables }: ReplyFormat, { isOff }: Choice): Record<string, unknown> {
  const values = { enable_thinking: !isOff, thinking: !isOff, reasoning_effort: isOff ? 'low' : 'medium' }
  return Object.fromEntries(thinkingVariables.map((name) => [name, values[name]]))
}

/** The text that ends the reasoning and begins the answer. */
function closingOf({ reasoning }: ReplyFormat): string {
  if (reasoning === 'harmony') return `<|end|><|start|>assistant${HARMONY_FINAL}`
  if (reasoning === 'none') return ''
  const { close } = REASONING_TAGS[reasoning]
  return reasoning === 'think' ? `\n${close}\n\n` : close
}

/** The text that opens the reasoning. */
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
    // If the prompt opens the final channel, the model cannot reason.
    return isOff && prompt.endsWith('assistant') ? { append: HARMONY_FINAL, prefill: HARMONY_FINAL } : nothing
  }
  const label = format.reasoning === 'gemma' ? REASONING_TAGS.gemma.label : ''
  const end = prompt.trimEnd().length
  const isOpen = prompt.endsWith(begin, end) || (label !== '' && prompt.endsWith(begin + label.trim(), end))
  if (!isOpen) {
    // Nothing to do if the template has a variable for it, or has already closed the reasoning.
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

/** Tokenizes text with markers as a continuation: preceded by a segment without ids, so that no leading space is added. */
function encodeMarkers(tokenizer: Pick<Tokenizer, 'encodeSegments'>, text: string): TokenId[] {
  const before = { text: '.', trusted: true, ids: [] }
  return tokenizer.encodeSegments([before, { text, trusted: true }], { addBos: false })
}

import { checkCount } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import type { ReplyFormat } from './format.js'
import { SECTIONED_REASONING } from './formats/index.js'
import { tagsOf } from './formats/turn.js'
import type { ThoughtSection } from './sections.js'

/** Whether a model thinks before it answers, or for how many tokens at most; 0 is off. */
export type Thinking = 'on' | 'off' | number

/** What makes a model think, or not. */
export interface ThinkingControl {
  /** Whether the model should not think. */
  readonly isOff: boolean
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
const HARMONY_THOUGHTS: ThoughtSection = {
  open: '<|channel|>analysis<|message|>',
  close: `<|end|><|start|>assistant${HARMONY_FINAL}`,
  skip: { after: 'assistant', text: HARMONY_FINAL },
}

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
    isOff,
    templateVariables: thinking === undefined ? {} : variables(format, thinking, { isOff }),
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

function variables(
  { thinkingVariables, thinkingEfforts }: ReplyFormat,
  thinking: Thinking,
  { isOff }: Choice,
): Record<string, unknown> {
  const { on, off } = thinkingEfforts ?? { on: 'medium', off: 'low' }
  const values = {
    enable_thinking: !isOff,
    thinking: !isOff,
    thinking_mode: isOff ? 'disabled' : 'enabled',
    thinking_budget: isOff ? 0 : thinking === 'on' ? -1 : thinking,
    reasoning_effort: isOff ? off : on,
    reasoning_strength: isOff ? 'low' : 'high',
  }
  return Object.fromEntries(thinkingVariables.map((name) => [name, values[name]]))
}

/** The section for reasoning, if the format has sections. */
function thoughtSection({ reasoning }: ReplyFormat): ThoughtSection | undefined {
  if (reasoning === 'harmony') return HARMONY_THOUGHTS
  return SECTIONED_REASONING.find(({ name }) => name === reasoning)?.thoughts
}

/** The text that ends the reasoning and begins the answer. */
function closingOf(format: ReplyFormat): string {
  const close = thoughtSection(format)?.close ?? tagsOf(format.reasoning)?.close ?? ''
  if (format.reasoning === 'apriel') return `\n${close}\n`
  return format.reasoning === 'think' ? `\n${close}\n\n` : close
}

/** The text that opens the reasoning. */
export function beginningOf(format: ReplyFormat): string {
  return thoughtSection(format)?.open ?? tagsOf(format.reasoning)?.open ?? ''
}

function openingOf(
  format: ReplyFormat,
  prompt: string,
  { isOff }: Choice,
): { append: string; prefill: string } {
  const begin = beginningOf(format)
  const nothing = { append: '', prefill: '' }
  if (begin === '') return nothing
  const { label = '', close = '' } = tagsOf(format.reasoning) ?? {}
  const end = prompt.trimEnd().length
  const isOpen = prompt.endsWith(begin, end) || (label !== '' && prompt.endsWith(begin + label.trim(), end))
  if (isOpen) {
    const append = isOff ? closingOf(format) : ''
    return { append, prefill: begin + label + append }
  }
  if (!isOff) return nothing
  const section = thoughtSection(format)
  if (section) {
    // If the prompt opens the answer, the model cannot reason.
    const { skip } = section
    return skip && prompt.endsWith(skip.after) ? { append: skip.text, prefill: skip.text } : nothing
  }
  // Nothing to do if the template has a variable for it, or has already closed the reasoning.
  if (format.thinkingVariables.length > 0 || prompt.endsWith(close, end)) return nothing
  const append = format.reasoning === 'think' ? `${begin}\n\n</think>\n\n` : begin + label + closingOf(format)
  return { append, prefill: append }
}

/** Tokenizes text with markers as a continuation: preceded by a segment without ids, so that no leading space is added. */
function encodeMarkers(tokenizer: Pick<Tokenizer, 'encodeSegments'>, text: string): TokenId[] {
  const before = { text: '.', trusted: true, ids: [] }
  return tokenizer.encodeSegments([before, { text, trusted: true }], { addBos: false })
}

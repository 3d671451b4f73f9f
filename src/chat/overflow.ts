import { DasllamaError } from '../errors.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import type { ChatMessage } from './message.js'
import type { Prompt } from './prompt.js'

/**
 * What happens to a conversation that does not fit the context: an error; the oldest turns after the system message are
 * omitted; or the oldest tokens after the system message are omitted, regardless of message boundaries.
 */
export type OverflowPolicy = 'error' | 'drop-oldest' | 'shift'

export const OVERFLOW_POLICIES: readonly OverflowPolicy[] = ['error', 'drop-oldest', 'shift']

/** The default of the library and of the command line: the chat goes on. */
export const DEFAULT_OVERFLOW: OverflowPolicy = 'drop-oldest'

/** What a prompt omits. */
export interface Omission {
  /** Number of messages, from the first one after the system message. */
  readonly messages: number
  /** Number of tokens, from position `keep`. */
  readonly tokens: number
  readonly keep: number
}

export const NOTHING_OMITTED: Omission = { messages: 0, tokens: 0, keep: 0 }

/** A prompt that fits. */
export interface FittingPrompt {
  readonly prompt: Prompt
  readonly ids: readonly TokenId[]
  readonly omission: Omission
}

export interface FitOptions {
  readonly policy: OverflowPolicy
  readonly history: readonly ChatMessage[]
  readonly contextLength: number
  /** Maximum length of the reply, for which the prompt leaves space. */
  readonly maxTokens: number | undefined
  /** What earlier prompts omitted: it stays omitted, so that the cached prefix can be reused. */
  readonly before: Omission
  /** The prompt without this many messages after the system message. */
  readonly render: (omitted: number) => Prompt
  /** Number of tokens of the system message. */
  readonly keep: number
}

/** Makes a prompt that leaves space for a reply. Throws `CONTEXT_FULL` if the policy does not allow it. */
export function fitPrompt(fitting: FitOptions): FittingPrompt {
  const { policy, contextLength, maxTokens, before, render } = fitting
  // An omission frees a quarter of the context more than needed; otherwise every turn would omit more and re-evaluate all.
  const quarter = Math.floor(contextLength / 4)
  const limit = contextLength - Math.max(1, Math.min(maxTokens ?? quarter, contextLength >> 1))
  const prompt = render(before.messages)
  switch (policy) {
    case 'error':
      break
    case 'drop-oldest':
      if (prompt.ids.length > limit) return drop(fitting, prompt, limit - quarter)
      break
    case 'shift':
      return shift(fitting, prompt, limit, quarter)
  }
  if (prompt.ids.length >= contextLength) throw tooLong(prompt.ids.length, fitting)
  return { prompt, ids: prompt.ids, omission: before }
}

/** Omits as few turns as possible to get to `goal` tokens, or all but the last turn. A binary search. */
function drop(fitting: FitOptions, prompt: Prompt, goal: number): FittingPrompt {
  const { history, contextLength, before, render } = fitting
  let { messages } = before
  const turns = laterTurns(history, messages)
  let first = 0
  for (let end = turns.length; first < end; ) {
    const middle = (first + end) >> 1
    const tried = render(turns[middle])
    const fits = tried.ids.length <= goal
    if (fits || middle === turns.length - 1) [messages, prompt] = [turns[middle], tried]
    if (fits) end = middle
    else first = middle + 1
  }
  if (prompt.ids.length >= contextLength) throw tooLong(prompt.ids.length, fitting)
  return { prompt, ids: prompt.ids, omission: { ...before, messages } }
}

/** For each turn after the first one in the prompt: how many messages to omit so that the prompt begins with that turn. */
function laterTurns(history: readonly ChatMessage[], omitted: number): number[] {
  const first = history[0]?.role === 'system' ? 1 : 0
  const turns: number[] = []
  for (let i = first + omitted + 1; i < history.length; i++)
    if (history[i].role === 'user') turns.push(i - first)
  return turns
}

function shift(fitting: FitOptions, prompt: Prompt, limit: number, quarter: number): FittingPrompt {
  const { before, contextLength, keep } = fitting
  const { ids } = prompt
  const stillOmits = before.tokens > 0 && before.keep + before.tokens < ids.length
  let omission = stillOmits ? before : { ...NOTHING_OMITTED, keep: Math.min(keep, limit >> 1) }
  const excess = ids.length - omission.tokens - limit
  if (excess > 0) {
    const tokens = Math.min(omission.tokens + excess + quarter, ids.length - omission.keep - 1)
    omission = { ...omission, tokens }
  }
  const left = [...ids.slice(0, omission.keep), ...ids.slice(omission.keep + omission.tokens)]
  if (left.length >= contextLength) throw tooLong(left.length, fitting)
  return { prompt, ids: left, omission }
}

function tooLong(length: number, { contextLength, policy }: FitOptions): DasllamaError {
  const hint =
    policy === 'error'
      ? 'set overflow to "drop-oldest" or "shift", undo turns, or create the chat with session: { contextLength: … }'
      : 'shorten the last message, or create the chat with session: { contextLength: … }'
  return new DasllamaError(
    'CONTEXT_FULL',
    `the conversation is ${length - contextLength + 1} tokens too long: its prompt has ${length}, and the context of ${contextLength} must also hold a reply`,
    { hint },
  )
}

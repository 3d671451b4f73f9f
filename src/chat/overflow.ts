import { DasllamaError } from '../errors.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import type { ChatMessage } from './message.js'
import type { Prompt } from './prompt.js'

/**
 * What happens to a conversation that does not fit the context: an error; the oldest turns are left out, the system
 * message stays; or tokens are left out after the system message, wherever that cuts.
 */
export type OverflowPolicy = 'error' | 'drop-oldest' | 'shift'

export const OVERFLOW_POLICIES: readonly OverflowPolicy[] = ['error', 'drop-oldest', 'shift']

/** What a chat does where nobody says otherwise, in the library and on the command line: it goes on. */
export const DEFAULT_OVERFLOW: OverflowPolicy = 'drop-oldest'

/** What a prompt has left out. */
export interface Omission {
  /** Messages, from the first one after the system message on. */
  readonly messages: number
  /** Tokens, from position `keep` on. */
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

export interface Fitting {
  readonly policy: OverflowPolicy
  readonly history: readonly ChatMessage[]
  readonly contextLength: number
  /** Tokens that the reply is to have room for. */
  readonly maxTokens: number | undefined
  /** What earlier prompts have left out: it stays out, so that what is cached still serves. */
  readonly before: Omission
  /** The prompt without this many messages after the system message. */
  readonly render: (omitted: number) => Prompt
  /** Tokens of the system message. */
  readonly keep: number
}

/** Makes a prompt that leaves room for a reply. Throws `CONTEXT_FULL` where the policy cannot. */
export function fitPrompt(fitting: Fitting): FittingPrompt {
  const { policy, contextLength, maxTokens, before, render } = fitting
  // When something has to go, a quarter of the context goes beyond need: or it would be evaluated again at every turn.
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

/** Leaves out as few turns as leave no more than `goal` tokens, or all but the last turn; the search takes their halves. */
function drop(fitting: Fitting, prompt: Prompt, goal: number): FittingPrompt {
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

/** How many messages to leave out so that a prompt begins with each of the turns behind the first one it has now. */
function laterTurns(history: readonly ChatMessage[], omitted: number): number[] {
  const first = history[0]?.role === 'system' ? 1 : 0
  const turns: number[] = []
  for (let i = first + omitted + 1; i < history.length; i++)
    if (history[i].role === 'user') turns.push(i - first)
  return turns
}

function shift(fitting: Fitting, prompt: Prompt, limit: number, quarter: number): FittingPrompt {
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

function tooLong(length: number, { contextLength, policy }: Fitting): DasllamaError {
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

import type { Model, Speculation } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { load, type runtimeOptions } from './engine-options.js'
import { alias, choice, text, type Values } from './options.js'
import { UsageError } from './usage-error.js'

/** Whether, and how, tokens are guessed. */
export const speculationOptions = {
  speculation: choice(
    ['none', 'lookup', 'mtp'],
    'guesses tokens and evaluates several at once: faster, same text; lookup where the text repeats its prompt or itself, mtp by ' +
      "the model's own draft head (Qwen 3.5), if its file has one",
    'none',
  ),
  draft: alias(
    text('MODEL', 'a smaller model with the same vocabulary, which guesses tokens: faster, same text'),
    '-md',
    '--model-draft',
    '--spec-draft-model',
  ),
}

type SpeculationValues = Values<typeof speculationOptions>

/** Throws a `UsageError` for options that contradict each other. */
export function checkSpeculationOptions({ speculation, draft }: SpeculationValues): void {
  if (draft === undefined || speculation === 'none') return
  throw new UsageError(`--draft and --speculation ${speculation} do not go together`, 'leave out one of them')
}

/** Loads the draft model, if one is given. */
export async function loadDraft(
  {
    draft,
    threads,
    kernels,
    lookupTables,
    json,
  }: SpeculationValues & Values<typeof runtimeOptions> & { json?: boolean },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Model | undefined> {
  if (draft === undefined) return undefined
  const values = { context: undefined, tokenizer: undefined, threads, kernels, lookupTables, json }
  return load(draft, values, terminal, signal)
}

/** What generations are given. */
export function speculationOf(
  { speculation }: Pick<SpeculationValues, 'speculation'>,
  draft: Model | undefined,
): Speculation {
  return draft ? { draft } : speculation
}

import type { Model, Speculation } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { load, type runtimeOptions } from './engine-options.js'
import { alias, choice, text, type Values } from './options.js'
import { UsageError } from './usage-error.js'

/** Whether, and how, tokens are guessed. */
export const speculationOptions = {
  speculation: choice(
    ['none', 'lookup'],
    'lookup guesses tokens where the text repeats its prompt or itself, and evaluates several at once: faster, same text',
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
  throw new UsageError('--draft and --speculation lookup do not go together', 'leave out one of them')
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

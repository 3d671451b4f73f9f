import { type KvType, loadModel, type Model, type SessionOptions } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { ProgressBar } from '../output/progress.js'
import { printStyled } from '../output/style.js'
import { modelOptions } from './model-options.js'
import { alias, choice, group, integer, type Option, optional, orAuto, type Values } from './options.js'

const KV_TYPES = ['f16', 'f32', 'q8_0'] as const satisfies readonly KvType[]

/** How many tokens a session has room for. */
export function contextOption(summary: string): Option<number | undefined> {
  return alias(integer(summary, { min: 1 }), '-c', '--ctx-size', '--num-ctx', '--context-length')
}

/** What every command that runs a model may be told of how. */
export const runtimeOptions = {
  threads: alias(
    orAuto(integer('threads to compute with; auto is one for each physical core', { min: 1, max: 32 })),
    '-t',
    '--num-thread',
  ),
  kernels: choice(
    ['auto', 'baseline', 'relaxed', 'wide'],
    'baseline gives the same bits everywhere; relaxed is faster, and what auto takes where the runtime has it; wide is ' +
      "fastest, with an experimental part of Node 24's engine",
    'auto',
  ),
  ...modelOptions,
}

/** What commands with a session may be told of memory besides. */
export const engineOptions = group('Memory and threads', {
  context: contextOption(
    'room for prompt and text in tokens; what the model was trained for when not given, at most 4096',
  ),
  contextShift: optional(
    integer('when there is no room left, forget the older half, but not the first N tokens', { min: 0 }),
    true,
  ),
  kvType: choice(KV_TYPES, 'how keys and values are kept; q8_0 takes half the memory of f16', 'f16'),
  ...runtimeOptions,
})

type EngineValues = Values<typeof engineOptions>

type LoadValues = Values<typeof runtimeOptions> & {
  readonly context: number | undefined
  /** Whether what is printed is for programs: then nothing is drawn. */
  readonly json?: boolean
}

/** Loads a model, with a bar on a terminal, and warns of a context that the model was not trained for. */
export async function load(
  source: string,
  { context, tokenizer, threads, kernels, json }: LoadValues,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Model> {
  const progress = new ProgressBar(terminal, { isQuiet: json })
  const model = await loadModel(source, {
    contextLength: context,
    tokenizer,
    threads,
    kernels,
    onProgress: progress.update,
    signal,
  }).finally(() => progress.erase())
  const { contextLength: trained } = model.config
  if (context !== undefined && context > trained) {
    await printStyled(
      terminal.stderr,
      'yellow',
      `warning: --context ${context} is more than the ${trained} tokens that the model was trained for; text that is longer tends to fall apart\n`,
    )
  }
  return model
}

export function sessionOptions({
  seed,
  kvType,
  contextShift,
}: EngineValues & { readonly seed: number | undefined }): SessionOptions {
  const isCount = typeof contextShift === 'number'
  return { seed, kvType, contextShift: isCount ? { keep: contextShift } : contextShift }
}

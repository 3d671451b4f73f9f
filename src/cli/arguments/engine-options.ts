import { type KvType, type LoadOptions, loadModel, type Model, type SessionOptions } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { ProgressBar } from '../output/progress.js'
import { printStyled } from '../output/style.js'
import { lookupTablesOption, modelOptions } from './model-options.js'
import { nameOptions } from './names.js'
import { alias, choice, group, integer, type Option, optional, orAuto, type Values } from './options.js'

const KV_TYPES = ['f16', 'f32', 'q8_0'] as const satisfies readonly KvType[]

/** The size of a session's context, in tokens. */
export function contextOption(summary: string): Option<number | undefined> {
  return alias(integer(summary, { min: 1 }), '-c', '--ctx-size', '--num-ctx', '--context-length')
}

/** Options of every command that runs a model. */
export const runtimeOptions = {
  threads: alias(
    orAuto(integer('number of threads; auto is one per physical core', { min: 1, max: 32 })),
    '-t',
    '--num-thread',
  ),
  kernels: choice(
    ['auto', 'baseline', 'relaxed', 'wide'],
    'baseline gives the same bits everywhere; relaxed is faster, and auto uses it if the runtime has it; wide is ' +
      "fastest, with an experimental part of Node 24's engine",
    'auto',
  ),
  lookupTables: lookupTablesOption,
  ...modelOptions,
}

/** Memory options of commands with a session. */
export const engineOptions = group('Memory and threads', {
  context: contextOption("tokens for prompt and text; by default the model's trained context, at most 4096"),
  contextShift: optional(
    integer('when the context is full, drop the older half but keep the first N tokens', { min: 0 }),
    true,
  ),
  kvType: choice(KV_TYPES, 'type of the KV cache; q8_0 takes half the memory of f16', 'f16'),
  ...runtimeOptions,
})

type EngineValues = Values<typeof engineOptions>

type LoadValues = Values<typeof runtimeOptions> & {
  readonly context: number | undefined
  /** Whether the output is for programs: then no progress bar is drawn. */
  readonly json?: boolean
  readonly prefixCache?: LoadOptions['prefixCache']
  /** `mtp` needs the model's draft head. */
  readonly speculation?: string
}

/** Loads a model, after a download if its name is of the hub, with a progress bar on a terminal, and warns of a context that the model was not trained for. */
export async function load(
  source: string,
  { context, tokenizer, threads, kernels, lookupTables, json, prefixCache, speculation }: LoadValues,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Model> {
  const progress = new ProgressBar(terminal, { isQuiet: json })
  const model = await loadModel(source, {
    contextLength: context,
    tokenizer,
    threads,
    kernels,
    lookupTables,
    ...(prefixCache !== undefined && { prefixCache }),
    ...(speculation === 'mtp' && { draftHead: true }),
    onProgress: progress.update,
    signal,
    ...(await nameOptions(source, terminal)),
  }).finally(() => progress.erase())
  const { contextLength: trained } = model.config
  if (context !== undefined && context > trained) {
    await printStyled(
      terminal.stderr,
      'yellow',
      `warning: --context ${context} is more than the ${trained} tokens that the model was trained with; longer text tends to degenerate\n`,
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

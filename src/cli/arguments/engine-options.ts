import { type KvType, loadModel, type Model, type SessionOptions } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { ProgressBar } from '../output/progress.js'
import { modelOptions } from './model-options.js'
import { choice, group, integer, optional, orAuto, type Values } from './options.js'

const KV_TYPES = ['f16', 'f32', 'q8_0'] as const satisfies readonly KvType[]

/** What every command that runs a model may be told of how. */
export const runtimeOptions = {
  threads: orAuto(
    integer('threads to compute with; auto is one for each physical core', { min: 1, max: 32 }),
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
  context: integer("room for prompt and text in tokens; the model's own when not given", { min: 1 }),
  contextShift: optional(
    integer('when there is no room left, forget the older half, but not the first N tokens', { min: 0 }),
    true,
  ),
  kvType: choice(KV_TYPES, 'how keys and values are kept; q8_0 takes half the memory of f16', 'f16'),
  ...runtimeOptions,
})

type EngineValues = Values<typeof engineOptions>

/** Loads a model, with a bar on a terminal. */
export async function load(
  source: string,
  {
    context,
    tokenizer,
    threads,
    kernels,
  }: Values<typeof runtimeOptions> & { readonly context: number | undefined },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Model> {
  const progress = new ProgressBar(terminal)
  const loading = loadModel(source, {
    contextLength: context,
    tokenizer,
    threads,
    kernels,
    onProgress: progress.update,
    signal,
  })
  return loading.finally(() => progress.erase())
}

export function sessionOptions({
  seed,
  kvType,
  contextShift,
}: EngineValues & { readonly seed: number | undefined }): SessionOptions {
  const isCount = typeof contextShift === 'number'
  return { seed, kvType, contextShift: isCount ? { keep: contextShift } : contextShift }
}

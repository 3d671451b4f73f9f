import { loadModel, type Model } from '../index.js'
import type { Terminal } from '../platform/terminal.js'
import type { Operand } from './command.js'
import { choice, integer, orAuto, text, type Values } from './options.js'
import { ProgressBar } from './progress.js'

/** What every command needs to find a model. */
export const MODEL: Operand = {
  name: 'MODEL',
  summary: 'path or http(s) URL of a GGUF file or of a llama2.c checkpoint',
  hint: `Small models on Hugging Face; take a file that ends in .gguf:
  https://huggingface.co/bartowski/SmolLM2-135M-Instruct-GGUF
  https://huggingface.co/HuggingFaceTB/SmolLM2-360M-Instruct-GGUF
  https://huggingface.co/TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
The repository of dasllama has models/tiny-stories.Q8_0.gguf (3 MB).`,
}

export const modelOptions = {
  tokenizer: text('FILE', "a llama2.c checkpoint's tokenizer.bin, where the checkpoint does not contain it"),
}

/** What commands that run a model need besides. */
export const engineOptions = {
  threads: orAuto(
    integer('threads to compute with; auto is one for each physical core', { min: 1, max: 32 }),
  ),
  kernels: choice(
    ['auto', 'baseline', 'relaxed'],
    'relaxed is faster, baseline gives the same bits everywhere; auto is relaxed where the runtime has it',
    'auto',
  ),
}

/** Loads the model with a bar on the terminal. */
export async function loadForCommand(
  source: string,
  values: Values<typeof modelOptions & typeof engineOptions> & { readonly context: number | undefined },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Model> {
  const { context, tokenizer, threads, kernels } = values
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

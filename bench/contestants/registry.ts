/** Everyone who takes part, in the order in which they take turns. */
export interface Entrant {
  readonly name: string
  /** What the figures of this one include, in a line for the record. */
  readonly how: string
  readonly module: URL
  /** Reads GGUF files only, no llama2.c checkpoints. */
  readonly ggufOnly: boolean
}

const at = (path: string) => new URL(path, import.meta.url)

export const OURS: Entrant = {
  name: 'dasllama',
  how: 'dist/ through the public API, session.eval(ids)',
  module: at('dasllama.ts'),
  ggufOnly: false,
}

/** A rival is a folder in bench/rivals and a line here. */
export const RIVALS: readonly Entrant[] = [
  {
    name: 'llama.cpp',
    how: "node-llama-cpp's native addon driven directly: llama_decode and one promise a call, no queue, no sampling",
    module: at('../rivals/node-llama-cpp/addon.ts'),
    ggufOnly: true,
  },
  {
    name: 'node-llama-cpp',
    how: 'the public API, sequence.controlledEvaluate: its queue, locks and greedy choice of a token are included, as there is no public way to ask for logits without them',
    module: at('../rivals/node-llama-cpp/public.ts'),
    ggufOnly: true,
  },
]

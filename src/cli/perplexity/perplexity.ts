import type { Terminal } from '../../platform/terminal.js'
import { contextOption, load, runtimeOptions } from '../arguments/engine-options.js'
import { MODEL } from '../arguments/model-options.js'
import { alias, flag, group, integer, text, type Values } from '../arguments/options.js'
import { UsageError } from '../arguments/usage-error.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { printStyled } from '../output/style.js'
import { counted } from '../output/table.js'
import { chunksOf, type Estimate, perplexity as estimates } from './estimate.js'

/** llama.cpp's default, so that figures are comparable. */
const CONTEXT = 512

const options = {
  ...group('The text', {
    file: alias(text('FILE', 'the text to score; default: standard input'), '-f'),
    chunks: integer('score the first N chunks only', { min: 1 }),
  }),
  ...group('Memory and threads', {
    context: { ...contextOption('tokens per chunk'), fallback: CONTEXT },
    ...runtimeOptions,
  }),
  ...group('Output', {
    json: flag(
      'print one JSON object: perplexity, error, context, tokens, scored, and chunks, the estimate after each',
    ),
  }),
}

export const perplexity = command({
  name: 'perplexity',
  summary: 'Measure how well a model predicts a text',
  operands: [MODEL],
  options,
  excessHint: () => 'the text is read from --file FILE or from standard input',
  notes: `Computes what llama.cpp's llama-perplexity does: the text is cut into chunks of --context tokens, each is evaluated on its own, with the begin-of-text token at its start where the model wants one, and the tokens of its second half count. Lower is better; figures compare only between models with the same tokenizer.

  dasllama perplexity model.gguf --file text.txt
`,
  async run([source], values, terminal) {
    if (values.context !== undefined && values.context < 4) {
      throw new UsageError('--context must be 4 or more: only the second half of a chunk counts')
    }
    const content = await readText(values, terminal)
    return interruptible(terminal, async (signal) => {
      await using model = await load(source, values, terminal, signal)
      const { json, chunks: most } = values
      const settings = { context: values.context ?? CONTEXT, chunks: most, signal }
      const chunks = chunksOf(model, content, settings)
      const { stdout, stderr } = terminal
      if (!json) {
        await printStyled(
          stderr,
          'dim',
          `${counted(chunks.tokens, 'token')}; ${counted(chunks.count, 'chunk')} of ${settings.context}\n`,
        )
      }
      const found: Estimate[] = []
      try {
        for await (const estimate of estimates(model, chunks, settings)) {
          found.push(estimate)
          if (!json) await stdout.write(`[${found.length}]${estimate.perplexity.toFixed(4)},`)
        }
      } finally {
        await stdout.write(json ? `${JSON.stringify(summary(found, settings, chunks))}\n` : conclusion(found))
      }
    })
  },
})

async function readText({ file }: Pick<Values<typeof options>, 'file'>, terminal: Terminal): Promise<string> {
  if (file === undefined && terminal.inputIsTerminal) {
    throw new UsageError('perplexity needs a text: --file FILE', 'or pipe it to standard input')
  }
  const content = await (file === undefined || file === '-' ? terminal.readInput() : terminal.readFile(file))
  // As in llama.cpp, so that both score the same tokens.
  return content.replace(/\n$/, '')
}

function conclusion(found: readonly Estimate[]): string {
  const last = found.at(-1)
  return last ? `\nFinal estimate: PPL = ${last.perplexity.toFixed(4)} +/- ${last.error.toFixed(5)}\n` : ''
}

function summary(
  found: readonly Estimate[],
  { context }: { readonly context: number },
  { tokens }: { readonly tokens: number },
): object {
  const last = found.at(-1)
  return {
    perplexity: last?.perplexity ?? null,
    error: last?.error ?? null,
    context,
    tokens,
    scored: last?.scored ?? 0,
    chunks: found.map(({ perplexity }) => perplexity),
  }
}

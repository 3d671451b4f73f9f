import { type Model, rerank as rankTexts } from '../index.js'
import { contextOption, load, runtimeOptions } from './arguments/engine-options.js'
import { MODEL } from './arguments/model-options.js'
import { flag, group, integer, type Values } from './arguments/options.js'
import { command } from './command.js'
import { interruptible } from './interrupt.js'
import { print } from './output/printable.js'
import { readTexts } from './texts.js'

const options = {
  ...group('Ranking', {
    top: integer('print the best N documents only', { min: 1 }),
    truncate: flag('truncate documents that are too long for the context instead of rejecting them'),
  }),
  ...group('Memory and threads', {
    context: contextOption("maximum tokens of a query with a document; default: the model's context"),
    ...runtimeOptions,
  }),
  ...group('Output', {
    json: flag('print one JSON object: results, each with index, score and document'),
  }),
}

export const rerank = command({
  name: 'rerank',
  summary: 'Rank documents by their relevance to a query, with a reranker',
  operands: [
    MODEL,
    { name: 'QUERY', summary: 'what is asked' },
    {
      name: 'DOCUMENT',
      summary: 'a document; without it, or with -, each line of standard input is a document',
      repeats: true,
      fromInput: true,
    },
  ],
  options,
  notes: `Prints one document per line after its score, the most relevant first. A DOCUMENT that begins with - stands after --.

  dasllama rerank reranker.gguf "What do pandas eat?" - < documents.txt --top 3
`,
  hints: { CONTEXT_FULL: 'split the document, let --truncate cut it, or choose a larger --context' },
  async run([source, query, ...given], values, terminal) {
    const documents = await readTexts(given, terminal)
    return interruptible(terminal, async (signal) => {
      await using model = await load(source, values, terminal, signal)
      await print(terminal.stdout, await answer(model, query, documents, values, signal))
    })
  },
})

async function answer(
  model: Model,
  query: string,
  documents: readonly string[],
  { top, truncate, json }: Values<typeof options>,
  signal: AbortSignal,
): Promise<string> {
  const settings = { topN: top, truncate: truncate ? ('end' as const) : ('error' as const), signal }
  const ranked = await rankTexts(model, query, documents, settings)
  const results = ranked.map(({ index, score }) => ({ index, score, document: documents[index] }))
  if (json) return `${JSON.stringify({ results })}\n`
  return results
    .map(({ score, document }) => `${score.toFixed(4)}  ${document.replace(/\s+/g, ' ')}\n`)
    .join('')
}

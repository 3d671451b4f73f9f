import { embed as embedTexts, type Model, type Pooling } from '../index.js'
import { contextOption, load, runtimeOptions } from './arguments/engine-options.js'
import { MODEL } from './arguments/model-options.js'
import { choice, flag, group, integer, type Values } from './arguments/options.js'
import { command } from './command.js'
import { interruptible } from './interrupt.js'
import { readTexts } from './texts.js'

const POOLINGS = ['mean', 'cls', 'last', 'none'] as const satisfies readonly Pooling[]

const options = {
  ...group('Embedding', {
    pooling: choice(
      POOLINGS,
      "how the tokens' vectors are pooled: cls is the first, none keeps each; default: the file's pooling type, else mean",
    ),
    noNormalize: flag('do not scale vectors to length 1'),
    dimensions: integer('keep the first N values of each vector only', { min: 1 }),
    parseSpecial: flag('parse control tokens such as <|im_end|> in the texts'),
    noSpecial: flag('add no begin-of-text and end-of-text tokens'),
    truncate: flag('truncate texts that are longer than the context instead of rejecting them'),
  }),
  ...group('Memory and threads', {
    context: contextOption("maximum tokens of a text; default: the model's context"),
    ...runtimeOptions,
  }),
  ...group('Output', {
    json: flag('print one JSON object: embeddings, dimensions, tokens (how many each text has)'),
  }),
}

export const embed = command({
  name: 'embed',
  summary: 'Compute embeddings: vectors that are close for similar texts',
  operands: [
    MODEL,
    {
      name: 'TEXT',
      summary: 'a text; without it, or with -, each line of standard input is a text',
      repeats: true,
      fromInput: true,
    },
  ],
  options,
  notes: `Prints one vector per line, its numbers with spaces between; with --pooling none a line for each token. A TEXT that begins with - stands after --.

  dasllama embed model.gguf "The cat sat on the mat." "A dog ran." --json
`,
  hints: { CONTEXT_FULL: 'split it, let --truncate cut it, or choose a larger --context' },
  async run([source, ...given], values, terminal) {
    const texts = await readTexts(given, terminal)
    return interruptible(terminal, async (signal) => {
      await using model = await load(source, values, terminal, signal)
      await terminal.stdout.write(await answer(model, texts, values, signal))
    })
  },
})

async function answer(
  model: Model,
  texts: readonly string[],
  values: Values<typeof options>,
  signal: AbortSignal,
): Promise<string> {
  const { pooling, noNormalize, dimensions, parseSpecial, noSpecial, truncate, json } = values
  const encoding = { parseSpecial, addSpecial: !noSpecial }
  const settings = {
    ...encoding,
    normalize: !noNormalize,
    dimensions,
    truncate: truncate ? ('end' as const) : ('error' as const),
    signal,
  }
  /** Each text's vectors: one, except with `none`. */
  const vectors =
    pooling === 'none'
      ? await embedTexts(model, texts, { ...settings, pooling })
      : (await embedTexts(model, texts, { ...settings, pooling })).map((vector) => [vector])
  const numbers = vectors.map((each) => each.map((vector) => Array.from(vector, shortest)))
  if (!json)
    return `${numbers
      .flat()
      .map((row) => row.join(' '))
      .join('\n')}\n`
  const embeddings = pooling === 'none' ? numbers : numbers.flat()
  const tokens = texts.map((text) => Math.min(model.encode(text, encoding).length, model.contextLength))
  return `${JSON.stringify({ embeddings, dimensions: numbers[0][0].length, tokens })}\n`
}

/** The shortest decimal that rounds to this f32. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}

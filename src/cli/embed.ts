import { embed as embedTexts, type Model, type Pooling } from '../index.js'
import type { Terminal } from '../platform/terminal.js'
import { contextOption, load, runtimeOptions } from './arguments/engine-options.js'
import { MODEL } from './arguments/model-options.js'
import { choice, flag, group, integer, type Values } from './arguments/options.js'
import { UsageError } from './arguments/usage-error.js'
import { command } from './command.js'
import { interruptible } from './interrupt.js'

const POOLINGS = ['mean', 'cls', 'last', 'none'] as const satisfies readonly Pooling[]

const options = {
  ...group('What to make of a text', {
    pooling: choice(
      POOLINGS,
      "how the tokens' vectors become one: cls is the first, none keeps each; what the file names when not given, else mean",
    ),
    noNormalize: flag('do not scale vectors to the length 1'),
    dimensions: integer('keep the first N values of each vector only', { min: 1 }),
    parseSpecial: flag('read control tokens such as <|im_end|> in the texts as tokens, not as text'),
    noSpecial: flag('add no begin-of-text and end-of-text tokens'),
    truncate: flag('leave away the end of texts that are longer than the context, instead of refusing them'),
  }),
  ...group('Memory and threads', {
    context: contextOption("most tokens of a text; the model's own number when not given"),
    ...runtimeOptions,
  }),
  ...group('Output', {
    json: flag('print one JSON object: embeddings, dimensions, tokens (how many each text has)'),
  }),
}

export const embed = command({
  name: 'embed',
  summary: 'Turn texts into vectors that lie close where the texts are alike',
  operands: [
    MODEL,
    {
      name: 'TEXT',
      summary: 'a text; - reads standard input, one text per line, and so does a pipe',
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

/** The arguments, and in the place of `-` the lines of standard input. */
async function readTexts(given: readonly string[], terminal: Terminal): Promise<string[]> {
  if (given.filter((text) => text === '-').length > 1) {
    throw new UsageError('standard input can be read only once: write - for one TEXT')
  }
  const texts: string[] = []
  for (const text of given) {
    if (text === '-') texts.push(...lines(await terminal.readInput()))
    else texts.push(text)
  }
  if (texts.length === 0) throw new UsageError('standard input has no text')
  return texts
}

function lines(text: string): string[] {
  const found = text.split(/\r?\n/)
  // What follows the last line's end is no line.
  if (found.at(-1) === '') found.pop()
  return found
}

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
  /** Each text's vectors: one, but for those of `none`. */
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

/** The number with the fewest digits that is this f32. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}

import { type GenerateOptions, type Generation, loadModel, type Model, type Session } from '../index.js'
import type { Terminal } from '../platform/terminal.js'
import { command } from './command.js'
import { interruptible } from './interrupt.js'
import { MODEL, modelOptions } from './model-options.js'
import { flag, group, integer, seeds, text, tokenIds, type Values } from './options.js'
import { print } from './printable.js'
import { ProgressBar } from './progress.js'
import { statistics } from './run-report.js'
import { sampling, samplingParams } from './sampling-options.js'
import { UsageError } from './usage-error.js'

const options = {
  ...group('What to write', {
    prompt: text('TEXT', 'what to continue; - reads standard input, as it is'),
    promptIds: tokenIds('what to continue, as token ids'),
    maxTokens: integer('stop after N tokens; else when the text ends or the context is full', { min: 0 }),
    ...sampling.ending,
  }),
  ...sampling.choosing,
  ...group('Choosing a token', {
    seed: integer('same seed, same text; drawn when not given', { min: 0, max: Number.MAX_SAFE_INTEGER }),
    seeds: seeds('one text for each of these seeds'),
  }),
  ...sampling.repetition,
  ...sampling.tokens,
  ...group('Memory and threads', {
    context: integer("room for prompt and text in tokens; the model's own when not given", { min: 1 }),
    threads: integer('threads to compute with; this version uses one', { fallback: 1, min: 1, max: 1 }),
    ...modelOptions,
  }),
  ...group('Output', {
    echo: flag('print the prompt before the text'),
    json: flag(
      'print one JSON object, when all is done: promptIds, ids, text, stats, stopReason, seed; with --seeds an array of them',
    ),
  }),
}

export const run = command({
  name: 'run',
  summary: 'Continue a text, streaming what the model writes',
  operands: [MODEL],
  options,
  notes: `The text goes to standard output, statistics about it to standard error. Ctrl-C stops the text.

  dasllama run model.gguf --prompt "Once upon a time" --temp 0.8 --top-k 40 --seed 7
`,
  async run([source], values, terminal) {
    const params = samplingParams(values)
    if (values.seed !== undefined && values.seeds !== undefined) {
      throw new UsageError('run takes --seed or --seeds, not both')
    }
    const prompt = await readPrompt(values, terminal)
    return interruptible(terminal, async (signal) => {
      await using model = await load(source, values, terminal, signal)
      using session = model.createSession({ seed: values.seed })
      const { seeds, maxTokens, json, echo } = values
      const each = generations(session, prompt, seeds, { ...params, maxTokens, signal })
      const many = seeds !== undefined
      if (json) return await writeJson(each, session, many, terminal)
      const opening = echo ? (typeof prompt === 'string' ? prompt : model.decode(prompt)) : ''
      await writeText(each, session, { many, opening }, terminal)
    })
  },
})

async function readPrompt(
  { prompt, promptIds }: Values<typeof options>,
  terminal: Terminal,
): Promise<string | number[]> {
  if ((prompt === undefined) === (promptIds === undefined)) {
    const problem = prompt === undefined ? 'a prompt' : 'only one prompt'
    throw new UsageError(`run needs ${problem}: --prompt TEXT or --prompt-ids 1,2,3`)
  }
  return promptIds ?? (prompt === '-' ? terminal.readInput() : prompt!)
}

async function load(
  source: string,
  { context, tokenizer }: Values<typeof options>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Model> {
  const progress = new ProgressBar(terminal)
  const loading = loadModel(source, {
    contextLength: context,
    tokenizer,
    onProgress: progress.update,
    signal,
  })
  return loading.finally(() => progress.erase())
}

/** A generation a seed, one where none are given; each is to be read to its end before the next is asked for. */
function* generations(
  session: Session,
  prompt: string | number[],
  seeds: readonly number[] | undefined,
  options: GenerateOptions,
): Generator<Generation> {
  for (const seed of seeds ?? [session.seed]) {
    if (seeds) session.setSeed(seed)
    yield session.generate(prompt, options)
    if (options.signal?.aborted) return
  }
}

async function writeJson(each: Iterable<Generation>, session: Session, many: boolean, { stdout }: Terminal) {
  const results = []
  for (const generation of each) {
    for await (const _ of generation);
    const { promptIds, ids, text, stopReason } = generation
    results.push({ promptIds, ids, text, stats: session.stats(), stopReason, seed: session.seed })
  }
  await stdout.write(`${JSON.stringify(many ? results : results[0])}\n`)
}

async function writeText(
  each: Iterable<Generation>,
  session: Session,
  { many, opening }: { many: boolean; opening: string },
  { stdout, stderr }: Terminal,
) {
  let first = true
  for (const generation of each) {
    if (many) await print(stdout, `${first ? '' : '\n'}== seed ${session.seed} ==\n`)
    first = false
    if (opening !== '') await print(stdout, opening)
    let printed = 0
    for await (const { piece } of generation) {
      await print(stdout, piece)
      printed += piece.length
    }
    // What is left is half a character at the very end, which belongs to no token.
    await print(stdout, `${generation.text.slice(printed)}\n`)
    await stderr.write(statistics(session.stats(), generation.stopReason!, session.seed))
  }
}

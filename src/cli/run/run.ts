import type { GeneratedToken, GenerateOptions, Generation, Model, Session } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { engineOptions, load, sessionOptions } from '../arguments/engine-options.js'
import { formatOptions, givenFormat, INCOMPLETE } from '../arguments/format-options.js'
import { MODEL } from '../arguments/model-options.js'
import { flag, group, integer, seeds, text, texts, tokenIds, type Values } from '../arguments/options.js'
import { sampling, samplingParams } from '../arguments/sampling-options.js'
import { UsageError } from '../arguments/usage-error.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { print } from '../output/printable.js'
import { logprobsObjects, logprobsTable, statistics } from './report.js'

const options = {
  ...group('What to write', {
    prompt: text('TEXT', 'what to continue; - reads standard input, as it is'),
    promptIds: tokenIds('what to continue, as token ids'),
    maxTokens: integer('stop after N tokens; else when the text ends or the context is full', { min: 0 }),
    stop: texts('TEXT', 'end where the text says this, which is left out; may be given several times'),
    stopIds: tokenIds('tokens that end the text'),
    ...sampling.ending,
    ...formatOptions,
  }),
  ...sampling.choosing,
  ...group('Choosing a token', {
    seed: integer('same seed, same text; drawn when not given', { min: 0, max: Number.MAX_SAFE_INTEGER }),
    seeds: seeds('one text for each of these seeds'),
  }),
  ...sampling.repetition,
  ...sampling.tokens,
  ...engineOptions,
  ...group('Output', {
    logprobs: integer(
      'log-probability of each token and of the N likeliest ones, before and after sampling',
      {
        min: 0,
      },
    ),
    echo: flag('print the prompt before the text'),
    json: flag(
      'print one JSON object, when all is done: promptIds, ids, text, stats, stopReason, stoppedBy, seed, isComplete with a format, and logprobs if asked for; with --seeds an array of them',
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
  hints: { CONTEXT_FULL: 'shorten the prompt, or choose a larger --context' },
  async run([source], values, terminal) {
    const params = samplingParams(values)
    if (values.seed !== undefined && values.seeds !== undefined) {
      throw new UsageError('run takes --seed or --seeds, not both')
    }
    const prompt = await readPrompt(values, terminal)
    return interruptible(terminal, async (signal) => {
      const given = await givenFormat(values, terminal)
      await using model = await load(source, values, terminal, signal)
      using session = model.createSession(sessionOptions(values))
      const { seeds, maxTokens, stop, stopIds, logprobs, json, echo } = values
      const generateOptions = {
        ...params,
        maxTokens,
        stop,
        stopIds,
        logprobs,
        responseFormat: given?.format,
        signal,
      }
      const writing = {
        model,
        session,
        generations: generations(session, prompt, seeds, generateOptions),
        many: seeds !== undefined,
        withLogprobs: logprobs !== undefined,
        withFormat: given !== undefined,
        opening: echo ? (typeof prompt === 'string' ? prompt : model.decode(prompt)) : '',
      }
      await (json ? writeJson(writing, terminal) : writeText(writing, terminal))
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

/** What is to be written out. */
interface Writing {
  readonly model: Model
  readonly session: Session
  readonly generations: Iterable<Generation>
  /** Whether there may be several. */
  readonly many: boolean
  readonly withLogprobs: boolean
  /** Whether there is a response format, so that a text may be incomplete. */
  readonly withFormat: boolean
  /** Stands before each text. */
  readonly opening: string
}

async function writeJson(
  { model, session, generations, many, withLogprobs, withFormat }: Writing,
  { stdout }: Terminal,
) {
  const results = []
  for (const generation of generations) {
    const tokens: GeneratedToken[] = []
    for await (const token of generation) tokens.push(token)
    const { promptIds, ids, text, stopReason, stoppedBy, isComplete } = generation
    const result = { promptIds, ids, text, stats: session.stats(), stopReason, stoppedBy, seed: session.seed }
    results.push({
      ...result,
      ...(withFormat && { isComplete }),
      ...(withLogprobs && { logprobs: logprobsObjects(tokens, model) }),
    })
  }
  await stdout.write(`${JSON.stringify(many ? results : results[0])}\n`)
}

async function writeText(
  { model, session, generations, many, withLogprobs, withFormat, opening }: Writing,
  { stdout, stderr }: Terminal,
) {
  let isFirst = true
  for (const generation of generations) {
    if (many) await print(stdout, `${isFirst ? '' : '\n'}== seed ${session.seed} ==\n`)
    isFirst = false
    if (opening !== '') await print(stdout, opening)
    const tokens: GeneratedToken[] = []
    let printed = 0
    for await (const token of generation) {
      await print(stdout, token.piece)
      printed += token.piece.length
      if (withLogprobs) tokens.push(token)
    }
    // What is left is half a character at the very end, which belongs to no token.
    await print(stdout, `${generation.text.slice(printed)}\n`)
    if (withLogprobs) await print(stderr, logprobsTable(tokens, model))
    if (withFormat && !generation.isComplete) {
      await print(stderr, `the text is cut: ${INCOMPLETE}\n`)
    }
    await print(stderr, statistics(session.stats(), generation, session.seed))
  }
}

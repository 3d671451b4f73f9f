import {
  DEFAULT_SAMPLING,
  loadModel,
  type SamplingParams,
  type SessionStats,
  type StopReason,
} from '../index.js'
import type { Terminal } from '../platform/terminal.js'
import { command } from './command.js'
import { interruptible } from './interrupt.js'
import { MODEL, modelOptions } from './model-options.js'
import { flag, integer, number, type Option, pick, text, tokenIds, type Values } from './options.js'
import { print } from './printable.js'
import { ProgressBar } from './progress.js'
import { UsageError } from './usage-error.js'

/** Knobs of the sampling: one line each. */
const sampling = {
  temp: number('randomness; 0 always takes the likeliest token', { fallback: DEFAULT_SAMPLING.temp }),
  topK: integer('choose among the N likeliest tokens only; 0 is off', { fallback: DEFAULT_SAMPLING.topK }),
  penalty: number('divides the score of tokens that were just generated; 1 is off', {
    fallback: DEFAULT_SAMPLING.penalty,
  }),
  penaltyLastN: integer('how many generated tokens count as just generated', {
    fallback: DEFAULT_SAMPLING.penaltyLastN,
    min: 0,
  }),
} satisfies Record<keyof SamplingParams, Option<number>>

const options = {
  prompt: text('TEXT', 'what to continue; - reads standard input, as it is'),
  promptIds: tokenIds('what to continue, as token ids'),
  maxTokens: integer('stop after N tokens; else when the text ends or the context is full', { min: 0 }),
  ...sampling,
  seed: integer('same seed, same text; drawn when not given', { min: 0, max: Number.MAX_SAFE_INTEGER }),
  context: integer("room for prompt and text in tokens; the model's own when not given", { min: 1 }),
  threads: integer('threads to compute with; this version uses one', { fallback: 1, min: 1, max: 1 }),
  ...modelOptions,
  echo: flag('print the prompt before the text'),
  json: flag('print one JSON object, when all is done: promptIds, ids, text, stats, stopReason, seed'),
}

export const run = command({
  name: 'run',
  summary: 'Continue a text, streaming what the model writes',
  operands: [MODEL],
  options,
  notes: `The text goes to standard output, statistics about it to standard error. Ctrl-C stops the text.

  dasllama run model.gguf --prompt "Once upon a time" --temp 0.8 --top-k 40 --seed 7
`,
  async run([model], values, terminal) {
    const prompt = await readPrompt(values, terminal)
    return interruptible(terminal, (signal) => generate(model, prompt, values, terminal, signal))
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

async function generate(
  source: string,
  prompt: string | number[],
  values: Values<typeof options>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { maxTokens, seed, context, tokenizer, echo, json } = values
  const progress = new ProgressBar(terminal)
  await using model = await loadModel(source, {
    contextLength: context,
    tokenizer,
    onProgress: progress.update,
    signal,
  }).finally(() => progress.erase())
  using session = model.createSession({ seed })

  const generation = session.generate(prompt, { ...pick(sampling, values), maxTokens, signal })
  if (json) {
    for await (const _ of generation);
    const { promptIds, ids, text, stopReason } = generation
    const result = { promptIds, ids, text, stats: session.stats(), stopReason, seed: session.seed }
    return terminal.stdout.write(`${JSON.stringify(result)}\n`)
  }
  if (echo) await print(terminal.stdout, typeof prompt === 'string' ? prompt : model.decode(prompt))
  let printed = 0
  for await (const { piece } of generation) {
    await print(terminal.stdout, piece)
    printed += piece.length
  }
  // What is left is half a character at the very end, which belongs to no token.
  await print(terminal.stdout, `${generation.text.slice(printed)}\n`)
  await terminal.stderr.write(statistics(session.stats(), generation.stopReason!, session.seed))
}

const STOP_REASONS: Record<StopReason, string> = {
  stop: 'the text ended',
  length: '--max-tokens reached',
  context: 'the context is full',
  abort: 'interrupted',
}

function statistics(stats: SessionStats, stopReason: StopReason, seed: number): string {
  const { nPrompt, nGen, ttftMs, prefillTps, genTps } = stats
  const parts = [
    `prompt ${nPrompt} tokens, ${prefillTps.toFixed(1)} tok/s`,
    `generated ${nGen} tokens, ${genTps.toFixed(1)} tok/s`,
    `first token after ${ttftMs.toFixed(0)} ms`,
    STOP_REASONS[stopReason],
    `seed ${seed}`,
  ]
  return `${parts.join(' | ')}\n`
}

import {
  createChat,
  type GeneratedToken,
  type GenerateOptions,
  type Model,
  type Session,
} from '../../index.js'
import { maxTokensOption } from '../arguments/ending-options.js'
import { engineOptions, load, sessionOptions } from '../arguments/engine-options.js'
import { formatOptions, givenFormat } from '../arguments/format-options.js'
import { MODEL } from '../arguments/model-options.js'
import { alias, flag, group, integer, seeds, texts, tokenIds, type Values } from '../arguments/options.js'
import { optionName } from '../arguments/parse.js'
import { CHOOSING, seedOption } from '../arguments/sampling-options.js'
import {
  checkSpeculationOptions,
  loadDraft,
  speculationOf,
  speculationOptions,
} from '../arguments/speculation-options.js'
import { TEMPLATE_HINT, templateOptions, variablesOf } from '../arguments/template-options.js'
import { UsageError } from '../arguments/usage-error.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { printStyled } from '../output/style.js'
import { type Prompt, promptOptions, readPrompts } from './prompts.js'
import type { Result } from './records.js'
import { type Run, settings, sweep, sweptSampling } from './sweep.js'
import { type Writer, writerOf } from './writers.js'

const options = {
  ...promptOptions,
  ...group('What to write', {
    chat: flag("apply the model's chat template to the prompt as a user message"),
    ...templateOptions,
    maxTokens: maxTokensOption('stop after N tokens; default: when the text ends or the context is full', 0),
    stop: texts('TEXT', 'stop before this text; may be given several times'),
    stopIds: tokenIds('tokens that end the text'),
    ...sweptSampling.ending,
    ...formatOptions,
    ...speculationOptions,
  }),
  ...sweptSampling.choosing,
  ...group(CHOOSING, {
    seed: seedOption('same seed, same text; random by default'),
    seeds: seeds('generate one text per seed'),
  }),
  ...sweptSampling.repetition,
  ...sweptSampling.tokens,
  ...engineOptions,
  ...group('Output', {
    logprobs: integer(
      'log-probabilities of each token and of the N most likely ones, before and after sampling',
      { min: 0 },
    ),
    echo: alias(flag('print the prompt before the text'), '--display-prompt'),
    json: flag(
      'print one JSON object at the end: promptIds, ids, text, stats, stopReason, stoppedBy, seed, isComplete with a format, and logprobs if requested; for several texts an array of objects, with prompt and settings',
    ),
    jsonl: flag('print such an object, with prompt and settings, on one line per text as soon as it is done'),
    csv: flag('print a table: prompt, given settings, seed, text, stop reason and statistics'),
  }),
}

/** A prompt quoted for a shell; an example instead if it is long or has special characters. */
const quoted = (text: string) => (/^[\w ,.'?-]{1,60}$/.test(text) ? `"${text}"` : '"Once upon a time"')

type RunValues = Values<typeof options>

export const run = command({
  name: 'run',
  summary: 'Continue a text, with streaming output',
  operands: [MODEL],
  options,
  excessHint: (words) => `a prompt is given with --prompt, in quotes: --prompt ${quoted(words.join(' '))}`,
  notes: `The text goes to standard output, statistics about it to standard error. Ctrl-C stops the text.
Without a prompt, what is piped into the program is the prompt.

Every number above that chooses a token may be a list, --prompts has several prompts and --seeds several seeds: then there is a text for each combination. Prompts come one after another, for each of them the options in the order of this page, and seeds change fastest. What is done is printed, also when Ctrl-C stops the rest.

  dasllama run model.gguf --prompt "Once upon a time" --temp 0.8 --top-k 40 --seed 7
  dasllama run model.gguf --chat --prompt "What is a llama?"
  dasllama run model.gguf --prompts prompts.txt --temp 0.2,0.8 --seeds 1,2,3 --csv > texts.csv
`,
  hints: {
    CONTEXT_FULL: 'shorten the prompt or use a larger --context',
    NO_TEMPLATE: `it may not be a chat model: leave out --chat, or ${TEMPLATE_HINT}`,
  },
  async run([source], values, terminal, given) {
    const all = settings(values)
    refuseContradictions(values)
    checkSpeculationOptions(values)
    const prompts = await readPrompts(values, terminal)
    return interruptible(terminal, async (signal) => {
      const format = await givenFormat({ ...values, ignoreEos: values.ignoreEos }, terminal)
      const loading = { ...values, json: isForPrograms(values) }
      await using model = await load(source, loading, terminal, signal)
      await using draft = (await loadDraft(loading, terminal, signal)) ?? null
      const { session, promptOf } = startSession(model, values)
      await using _ = session
      const { maxTokens, stop, stopIds, logprobs, seeds } = values
      const speculation = speculationOf(values, draft ?? undefined)
      const responseFormat = format?.format
      const generateOptions = { maxTokens, stop, stopIds, logprobs, responseFormat, speculation, signal }
      const writer = writerOf(values, terminal.stdout, {
        model,
        isSweep: prompts.length * all.length > 1 || seeds !== undefined,
        severalPrompts: prompts.length > 1,
        given,
        withFormat: format !== undefined,
        stderr: terminal.stderr,
      })
      let noted = false
      for (const one of sweep(prompts, all, seeds ?? [session.seed])) {
        const result = await generate(one, session, promptOf(one.prompt), generateOptions, writer)
        await writer.end(result)
        if (!noted && endsAtOnce(result, values) && model.chatTemplates.size > 0) {
          noted = true
          await printStyled(terminal.stderr, 'yellow', `${CHAT_NOTE}\n`)
        }
        if (signal.aborted) break
      }
      await writer.done()
    })
  },
})

function isForPrograms({ json, jsonl, csv }: RunValues): boolean {
  return json || jsonl || csv
}

const CHAT_NOTE =
  'the model ended the text at once; its file has a chat template, so try dasllama chat, or add --chat to this command'

/** Whether the model ended a plain text at once, as chat models often do. */
function endsAtOnce({ generation }: Result, { chat, promptIds, stopIds }: RunValues): boolean {
  const { stopReason, stoppedBy, text } = generation
  const isOwnEnd = typeof stoppedBy !== 'string' && !stopIds?.includes(stoppedBy as number)
  return !chat && !promptIds && stopReason === 'stop' && isOwnEnd && text.trim() === ''
}

function refuseContradictions(values: RunValues): void {
  if (values.seed !== undefined && values.seeds !== undefined) {
    throw new UsageError('run takes --seed or --seeds, not both')
  }
  const forPrograms = (['json', 'jsonl', 'csv'] as const).filter((name) => values[name])
  if (forPrograms.length > 1) {
    throw new UsageError(`${forPrograms.map((name) => `--${name}`).join(' and ')} do not go together`)
  }
  if (values.csv && values.logprobs !== undefined) {
    throw new UsageError('--csv and --logprobs do not go together', 'use --jsonl')
  }
  if (values.chat) {
    if (values.promptIds) throw new UsageError('--chat and --prompt-ids do not go together')
    variablesOf(values.templateVariables)
    return
  }
  for (const name of ['system', 'template', 'templateVariables'] as const) {
    if (values[name] === undefined) continue
    throw new UsageError(`${optionName(name)} needs --chat: a plain prompt has no template`, 'add --chat')
  }
}

/** The session, and how it gets a prompt: unchanged, or in the chat template. */
function startSession(
  model: Model,
  values: RunValues,
): { session: Session; promptOf: (prompt: Prompt) => Prompt['content'] } {
  if (!values.chat) {
    return { session: model.createSession(sessionOptions(values)), promptOf: ({ content }) => content }
  }
  const { system, template, templateVariables } = values
  const chat = createChat(model, {
    system,
    template,
    templateVariables: variablesOf(templateVariables),
    overflow: 'error',
    session: sessionOptions(values),
  })
  return {
    session: chat.session,
    promptOf({ content }) {
      chat.reset()
      chat.addUser(String(content))
      return chat.renderPrompt().ids
    },
  }
}

async function generate(
  run: Run,
  session: Session,
  prompt: Prompt['content'],
  options: GenerateOptions,
  writer: Writer,
): Promise<Result> {
  session.setSeed(run.seed)
  const generation = session.generate(prompt, { ...run.setting.params, ...options })
  const tokens: GeneratedToken[] = []
  await writer.begin(run, prompt)
  for await (const token of generation) {
    await writer.piece(token)
    if (options.logprobs !== undefined) tokens.push(token)
  }
  return { run, generation, tokens, stats: session.stats() }
}

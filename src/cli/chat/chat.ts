import { type Chat, type ChatReply, DasllamaError } from '../../index.js'
import { ABANDONED, type Terminal } from '../../platform/terminal.js'
import { engineOptions, load, sessionOptions } from '../arguments/engine-options.js'
import { formatOptions, givenFormat, INCOMPLETE } from '../arguments/format-options.js'
import { MODEL } from '../arguments/model-options.js'
import { choice, group, integer, text, texts, tokenIds } from '../arguments/options.js'
import { sampling, samplingParams } from '../arguments/sampling-options.js'
import { UsageError } from '../arguments/usage-error.js'
import { command, type Hints, hintOf } from '../command.js'
import { interruptible } from '../interrupt.js'
import { print } from '../output/printable.js'
import { runChatCommand } from './commands.js'
import { ChatState } from './state.js'

const OVERFLOW = ['drop-oldest', 'shift', 'error'] as const

const options = {
  ...group('The conversation', {
    system: text('TEXT', 'the system message, which says who the model is to be'),
    template: text(
      'NAME',
      "one of the file's chat templates, a family such as chatml or llama-3, or Jinja; the file's own when not given",
    ),
    templateVariables: text('JSON', 'more for the template, such as {"enable_thinking": false}'),
    overflow: choice(
      OVERFLOW,
      'what to do when the context is full: forget the oldest turns, or tokens',
      'drop-oldest',
    ),
    maxTokens: integer('cut a reply after N tokens', { min: 1 }),
    stop: texts('TEXT', 'end a reply where it says this, which is left out; may be given several times'),
    stopIds: tokenIds('tokens that end a reply'),
    ...sampling.ending,
    ...formatOptions,
  }),
  ...sampling.choosing,
  ...group('Choosing a token', {
    seed: integer('same seed, same replies; drawn when not given', { min: 0, max: Number.MAX_SAFE_INTEGER }),
  }),
  ...sampling.repetition,
  ...sampling.tokens,
  ...engineOptions,
}

const hints: Hints = {
  CONTEXT_FULL:
    'shorten the message, or begin again with a larger --context or another --overflow; on a terminal /undo and /reset make room',
}

export const chat = command({
  name: 'chat',
  summary: 'Talk with a model',
  operands: [MODEL],
  options,
  notes: `On a terminal /help lists what can be done besides talking. Ctrl-C stops a reply, again leaves, and so does Ctrl-D.
Where standard input is none, each line of it is a message, and the replies go to standard output.

  dasllama chat model.gguf --system "You are a pirate." --temp 0.7
  dasllama chat model.gguf --system "Answer in JSON." --json-schema answer.json
  echo "What is a llama?" | dasllama chat model.gguf
`,
  hints,
  async run([source], values, terminal) {
    const params = samplingParams(values)
    const templateVariables = variablesOf(values.templateVariables)
    let code = 0
    const interrupted = await interruptible(terminal, async (signal) => {
      const given = await givenFormat(values, terminal)
      await using model = await load(source, values, terminal, signal)
      const { system, template, overflow, maxTokens, stop, stopIds } = values
      const state = new ChatState(model, params, given, {
        system,
        template,
        templateVariables,
        overflow,
        maxTokens,
        stop,
        stopIds,
        session: sessionOptions(values),
      })
      try {
        code = await converse(state, terminal)
      } finally {
        state.dispose()
      }
    })
    return interrupted || code
  },
})

function variablesOf(json: string | undefined): Record<string, unknown> {
  if (json === undefined) return {}
  try {
    const variables: unknown = JSON.parse(json)
    if (typeof variables === 'object' && variables !== null && !Array.isArray(variables)) {
      return variables as Record<string, unknown>
    }
  } catch {}
  throw new UsageError(`--template-variables must be a JSON object, not ${json}`)
}

/** What a shell reports for a program that Ctrl-C ended. */
const INTERRUPTED = 130

/** Reads messages and writes replies until there are no more. Resolves with the exit code. */
async function converse(state: ChatState, terminal: Terminal): Promise<number> {
  const lines = terminal.openLines()
  /** Ends the reply that is being made. */
  let stop: (() => void) | undefined
  /** Ctrl-C since something was written. */
  let interrupts = 0
  let failed = false
  let exitCode: number | undefined
  let wake: () => void = () => {}
  const left = new Promise<void>((resolve) => {
    wake = resolve
  })
  const leave = (code: number) => {
    exitCode ??= code
    wake()
  }
  lines.onInterrupt(() => {
    if (lines.abandon()) interrupts = 0
    if (++interrupts > 1 || !lines.isTerminal) leave(INTERRUPTED)
    if (stop) stop()
    else if (exitCode === undefined) {
      void terminal.stderr.write('\n(Ctrl-C again leaves, and so does Ctrl-D)\n')
    }
  })
  try {
    if (lines.isTerminal) {
      await print(terminal.stderr, `${state.greeting()}\n`)
    }
    while (exitCode === undefined) {
      const content = await message()
      if (content === undefined) continue
      const controller = new AbortController()
      stop = () => controller.abort()
      try {
        await reply(state, content, controller.signal, terminal)
      } catch (error) {
        if (!(error instanceof DasllamaError)) throw error
        failed = true
        await complain(error)
      } finally {
        stop = undefined
      }
    }
    return exitCode
  } finally {
    lines.close()
  }

  /** A line, unless there are no more or the chat is left. */
  async function line(prompt: string): Promise<string | undefined> {
    const next = await Promise.race([lines.next(prompt), left])
    if (typeof next === 'string' && exitCode === undefined) {
      interrupts = 0
      return next
    }
    if (next === ABANDONED && exitCode === undefined) return undefined
    // What is left stands behind a prompt.
    if (lines.isTerminal) await terminal.stdout.write('\n')
    leave(failed ? 1 : 0)
    return undefined
  }

  /** What is to be said to the model; nothing after a command, an empty line or Ctrl-C. */
  async function message(): Promise<string | undefined> {
    let whole = await line('> ')
    if (!lines.isTerminal) return whole?.trim() === '' ? undefined : whole
    while (whole?.endsWith('\\')) {
      const more = await line('… ')
      whole = more === undefined ? undefined : `${whole.slice(0, -1)}\n${more}`
    }
    if (whole === undefined || whole.trim() === '') return undefined
    if (whole.startsWith('//')) return whole.slice(1)
    if (!whole.startsWith('/')) return whole
    try {
      const said = await runChatCommand(whole, state, terminal)
      if (said === undefined) leave(failed ? 1 : 0)
      else await print(terminal.stderr, said)
    } catch (error) {
      if (!(error instanceof DasllamaError || error instanceof UsageError)) throw error
      await complain(error)
    }
    return undefined
  }

  async function complain(error: DasllamaError | UsageError): Promise<void> {
    const hint = error instanceof DasllamaError ? hintOf(error, hints) : error.hint
    await print(terminal.stderr, `${error.message}\n${hint === undefined ? '' : `${hint}\n`}`)
  }
}

/** Says something to the model and writes what it answers. What gets no answer is taken back. */
async function reply(
  { chat, params, given }: ChatState,
  content: string,
  signal: AbortSignal,
  { stdout, stderr }: Terminal,
): Promise<void> {
  chat.addUser(content)
  const before = chat.omitted
  let printed = 0
  try {
    const reply = chat.respond({ ...params, signal })
    for await (const { piece } of reply) {
      await print(stdout, piece)
      printed += piece.length
    }
    const { message, text } = reply
    // What is left is half a character at the very end, which belongs to no token.
    if (message) await print(stdout, `${text.slice(printed)}\n`)
    const remarks = [...forgotten(before, chat.omitted), ...remarksOn(reply, given !== undefined)]
    if (remarks.length > 0) await print(stderr, `(${remarks.join('; ')})\n`)
  } catch (error) {
    if (printed > 0) await print(stdout, '\n')
    throw error
  } finally {
    if (chat.history.at(-1)?.role === 'user') chat.undo()
  }
}

/** What a prompt has left out that the one before it had not. */
function forgotten(before: Chat['omitted'], after: Chat['omitted']): string[] {
  const what = (['messages', 'tokens'] as const).filter((unit) => after[unit] > before[unit])
  return what.map((unit) => `to make room the oldest ${after[unit]} ${unit} were left out`)
}

/** What there is to say about a reply besides itself. */
function remarksOn({ message, text, stopReason, isComplete }: ChatReply, hasFormat: boolean): string[] {
  if (!message) {
    const why = stopReason === 'abort' ? 'interrupted before the first word' : 'there is no answer'
    return [why, 'your message is taken back']
  }
  const remarks: string[] = []
  if (message.cut !== undefined) remarks.push(`cut: ${WHY_CUT[message.cut]}`)
  else if (text === '') remarks.push('the model says nothing')
  if (hasFormat && !isComplete) remarks.push(INCOMPLETE)
  return remarks
}

const WHY_CUT = {
  length: '--max-tokens reached',
  context: 'the context is full',
  abort: 'interrupted',
  callback: 'left early',
  error: 'failed',
} as const

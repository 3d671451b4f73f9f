import { DasllamaError } from '../index.js'
import type { Terminal } from '../platform/terminal.js'
import { runChatCommand } from './chat-commands.js'
import { ChatState } from './chat-state.js'
import { command } from './command.js'
import { engineOptions, load, sessionOptions } from './engine-options.js'
import { interruptible } from './interrupt.js'
import { MODEL } from './model-options.js'
import { choice, group, integer, text, texts, tokenIds } from './options.js'
import { print } from './printable.js'
import { sampling, samplingParams } from './sampling-options.js'
import { UsageError } from './usage-error.js'

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
  }),
  ...sampling.choosing,
  ...group('Choosing a token', {
    seed: integer('same seed, same replies; drawn when not given', { min: 0, max: Number.MAX_SAFE_INTEGER }),
  }),
  ...sampling.repetition,
  ...sampling.tokens,
  ...engineOptions,
}

export const chat = command({
  name: 'chat',
  summary: 'Talk with a model',
  operands: [MODEL],
  options,
  notes: `On a terminal /help lists what can be done besides talking. Ctrl-C stops a reply, again leaves, and so does Ctrl-D.
Where standard input is none, each line of it is a message, and the replies go to standard output.

  dasllama chat model.gguf --system "You are a pirate." --temp 0.7
  echo "What is a llama?" | dasllama chat model.gguf
`,
  async run([source], values, terminal) {
    const params = samplingParams(values)
    const templateVariables = variablesOf(values.templateVariables)
    let code = 0
    const interrupted = await interruptible(terminal, async (signal) => {
      await using model = await load(source, values, terminal, signal)
      const { system, template, overflow, maxTokens, stop, stopIds } = values
      const state = new ChatState(model, params, {
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
  /** Ctrl-C since the last line. */
  let interrupts = 0
  let leave: (code: number) => void = () => {}
  const left = new Promise<number>((resolve) => {
    leave = resolve
  })
  lines.onInterrupt(() => {
    if (++interrupts > 1 || !lines.isTerminal) leave(INTERRUPTED)
    if (stop) stop()
    else if (interrupts === 1 && lines.isTerminal) {
      lines.clear()
      void terminal.stderr.write('\n(Ctrl-C again leaves, and so does Ctrl-D)\n')
    }
  })
  try {
    if (lines.isTerminal) {
      await print(terminal.stderr, `${state.greeting()}\n`)
    }
    let failed = false
    for (;;) {
      const line = await Promise.race([lines.next('> '), left])
      if (typeof line === 'number') return line
      if (line === undefined) {
        if (lines.isTerminal) await terminal.stdout.write('\n')
        return failed ? 1 : 0
      }
      interrupts = 0
      const given = await message(line)
      if (given === undefined) continue
      const controller = new AbortController()
      stop = () => controller.abort()
      try {
        await reply(state, given, controller.signal, terminal)
      } catch (error) {
        if (!(error instanceof DasllamaError)) throw error
        failed = true
        await complain(error)
      } finally {
        stop = undefined
      }
      if (interrupts > 1 || (interrupts > 0 && !lines.isTerminal)) return INTERRUPTED
    }
  } finally {
    lines.close()
  }

  /** What is to be said to the model; nothing after a command or an empty line. */
  async function message(line: string): Promise<string | undefined> {
    if (!lines.isTerminal) return line.trim() === '' ? undefined : line
    let whole = line
    while (whole.endsWith('\\')) {
      const more = await Promise.race([lines.next('… '), left])
      if (typeof more !== 'string') break
      whole = `${whole.slice(0, -1)}\n${more}`
    }
    if (whole.trim() === '') return undefined
    if (whole.startsWith('//')) return whole.slice(1)
    if (!whole.startsWith('/')) return whole
    try {
      const said = await runChatCommand(whole, state, terminal)
      if (said === undefined) leave(0)
      else await print(terminal.stderr, said)
    } catch (error) {
      if (!(error instanceof DasllamaError || error instanceof UsageError)) throw error
      await complain(error)
    }
    return undefined
  }

  async function complain(error: DasllamaError | UsageError): Promise<void> {
    await print(terminal.stderr, `${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`)
  }
}

/** Says something to the model and writes what it answers. What gets no answer is taken back. */
async function reply(
  { chat, params }: ChatState,
  content: string,
  signal: AbortSignal,
  { stdout, stderr }: Terminal,
): Promise<void> {
  chat.addUser(content)
  try {
    const reply = chat.respond({ ...params, signal })
    let printed = 0
    for await (const { piece } of reply) {
      await print(stdout, piece)
      printed += piece.length
    }
    // What is left is half a character at the very end, which belongs to no token.
    await print(stdout, `${reply.text.slice(printed)}\n`)
    if (reply.message?.cut !== undefined) await print(stderr, `(cut: ${WHY_CUT[reply.message.cut]})\n`)
  } finally {
    if (chat.history.at(-1)?.role === 'user') chat.undo()
  }
}

const WHY_CUT = {
  length: '--max-tokens reached',
  context: 'the context is full',
  abort: 'interrupted',
  callback: 'left early',
  error: 'failed',
} as const

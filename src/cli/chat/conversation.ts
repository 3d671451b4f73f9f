import { type Chat, type ChatReply, DasllamaError } from '../../index.js'
import { ABANDONED, type Terminal } from '../../platform/terminal.js'
import { INCOMPLETE } from '../arguments/format-options.js'
import { UsageError } from '../arguments/usage-error.js'
import { type Hints, hintOf, widthOf } from '../command.js'
import { paragraphs } from '../output/layout.js'
import { print } from '../output/printable.js'
import { printStyled, styled } from '../output/style.js'
import { completions, runChatCommand, type Said } from './commands.js'
import { isOpen, messageOf } from './message-text.js'
import type { ChatState } from './state.js'
import { briefStatistics } from './statistics.js'

/** The exit code that shells report for a program ended by Ctrl-C. */
const INTERRUPTED = 130

/** Reads messages and writes replies until the input ends. Resolves with the exit code. */
export async function converse(state: ChatState, terminal: Terminal, hints: Hints): Promise<number> {
  const lines = terminal.openLines({ continues: isOpen, complete: completions })
  const prompt = styled(terminal.stdout, 'bold', '> ')
  /** Aborts the reply that is being generated. */
  let stop: (() => void) | undefined
  /** Whether Ctrl-C was pressed since the last output. */
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
      void terminal.stderr.write('\n(press Ctrl-C again or Ctrl-D to leave)\n')
    }
  })
  try {
    if (lines.isTerminal) {
      await printStyled(terminal.stderr, 'dim', state.greeting(widthOf(terminal.stderr)))
    }
    while (exitCode === undefined) {
      const said = await message()
      if (said === undefined) continue
      const controller = new AbortController()
      stop = () => controller.abort()
      try {
        await reply(state, said, { signal: controller.signal, isWatched: lines.isTerminal }, terminal)
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

  /** The next line, unless the input has ended or the chat was left. */
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

  /** The message to answer; `undefined` after a command, an empty line or Ctrl-C. */
  async function message(): Promise<Said | undefined> {
    const typed = await line(prompt)
    if (typed === undefined || typed.trim() === '') return undefined
    if (!lines.isTerminal) return { content: typed }
    if (typed.startsWith('//')) return { content: messageOf(typed.slice(1)) }
    if (!typed.startsWith('/')) return { content: messageOf(typed) }
    try {
      const outcome = await runChatCommand(messageOf(typed), state, terminal)
      if (outcome === 'leave') leave(failed ? 1 : 0)
      else if ('again' in outcome) return outcome.again
      else await print(terminal.stderr, outcome.said)
    } catch (error) {
      if (!(error instanceof DasllamaError || error instanceof UsageError)) throw error
      await complain(error)
    }
    return undefined
  }

  async function complain(error: DasllamaError | UsageError): Promise<void> {
    const hint = error instanceof DasllamaError ? hintOf(error, hints) : error.hint
    const width = widthOf(terminal.stderr)
    await printStyled(terminal.stderr, 'red', paragraphs(`${error.message}\n`, width))
    if (hint !== undefined) await print(terminal.stderr, paragraphs(`${hint}\n`, width))
  }
}

/**
 * Sends a message to the model and writes its answer. A message without an answer is removed, which restores the
 * conversation.
 */
async function reply(
  { chat, params, given }: ChatState,
  { content, before }: Said,
  { signal, isWatched }: { readonly signal: AbortSignal; readonly isWatched: boolean },
  { stdout, stderr }: Terminal,
): Promise<void> {
  chat.addUser(content)
  const omitted = chat.omitted
  let printed = 0
  try {
    const reply = chat.respond({ ...params, signal })
    for await (const { piece } of reply) {
      await print(stdout, piece)
      printed += piece.length
    }
    const { message, text } = reply
    // The rest is an incomplete character at the very end, which belongs to no token.
    if (message) await print(stdout, `${text.slice(printed)}\n`)
    const remarks = [
      ...(isWatched && message ? [briefStatistics(chat)] : []),
      ...forgotten(omitted, chat.omitted),
      ...remarksOn(reply, { hasFormat: given !== undefined }),
    ]
    if (remarks.length > 0) {
      await printStyled(stderr, 'dim', paragraphs(`(${remarks.join('; ')})\n`, widthOf(stderr)))
    }
  } catch (error) {
    if (printed > 0) await print(stdout, '\n')
    throw error
  } finally {
    if (chat.history.at(-1)?.role === 'user') {
      chat.undo()
      if (before) chat.history = before
    }
  }
}

/** What this prompt omits but the previous one did not. */
function forgotten(before: Chat['omitted'], after: Chat['omitted']): string[] {
  const what = (['messages', 'tokens'] as const).filter((unit) => after[unit] > before[unit])
  return what.map((unit) => `context full: dropped the oldest ${after[unit]} ${unit}`)
}

/** Remarks about a reply. */
function remarksOn(
  { message, text, stopReason, isComplete }: ChatReply,
  { hasFormat }: { readonly hasFormat: boolean },
): string[] {
  if (!message) {
    const why = stopReason === 'abort' ? 'interrupted before the first word' : 'no answer'
    return [why, 'your message was removed']
  }
  const remarks: string[] = []
  if (message.cut !== undefined) remarks.push(`cut: ${WHY_CUT[message.cut]}`)
  else if (text === '') remarks.push('the reply is empty')
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

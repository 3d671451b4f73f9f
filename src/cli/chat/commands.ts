import { displayName } from '../../describe.js'
import { type ChatMessage, DasllamaError } from '../../index.js'
import { nearest } from '../../nearest.js'
import type { Terminal } from '../../platform/terminal.js'
import { refuseEndless } from '../arguments/format-options.js'
import { kebabCase } from '../arguments/options.js'
import { optionName } from '../arguments/parse.js'
import { UsageError } from '../arguments/usage-error.js'
import { widthOf } from '../command.js'
import { definitions, paragraphs } from '../output/layout.js'
import { brief } from '../output/printable.js'
import { counted } from '../output/table.js'
import { changedParams, PARAM_NAMES, shownParams } from './params.js'
import type { ChatState } from './state.js'
import { fullStatistics } from './statistics.js'

/** A message to send to the model. */
export interface Said {
  readonly content: string
  /** The conversation to restore if there is no answer. Default: the one before the message. */
  readonly before?: readonly ChatMessage[]
}

/** What happens after a command. */
export type Outcome = { readonly said: string } | { readonly again: Said } | 'leave'

interface ChatCommand {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly operand?: string
  readonly summary: string
  run(operand: string, state: ChatState, terminal: Terminal): string | Outcome | Promise<string | Outcome>
}

const COMMANDS: readonly ChatCommand[] = [
  {
    name: 'system',
    operand: 'TEXT',
    summary: 'set the system message; without TEXT show it, with - remove it',
    run(text, { chat }) {
      if (text === '') return `${chat.system ?? '(no system message)'}\n`
      chat.system = text === '-' ? undefined : text
      return text === '-' ? '(removed)\n' : '(set)\n'
    },
  },
  {
    name: 'clear',
    aliases: ['reset'],
    summary: 'forget the conversation, but not the system message',
    run(_, { chat }) {
      chat.reset()
      return '(forgotten)\n'
    },
  },
  {
    name: 'retry',
    aliases: ['regen', 'regenerate'],
    summary: 'discard the last reply and answer again',
    run(_, { chat }) {
      const before = chat.history
      const [message] = chat.undo()
      if (!message) return '(nothing to answer again)\n'
      return { again: { content: message.content, before } }
    },
  },
  {
    name: 'undo',
    summary: 'remove your last message and the reply to it',
    run(_, { chat }) {
      const taken = chat.undo()
      return taken.length === 0
        ? '(nothing to remove)\n'
        : `(removed: ${brief(taken[0].content.replace(/\s+/g, ' ').trim())})\n`
    },
  },
  {
    name: 'history',
    summary: 'show the conversation',
    run: (_, { chat }) =>
      chat.history
        .map(({ role, content, cut }) => `${role}${cut ? ` (cut)` : ''}: ${content.trim()}\n`)
        .join('') || '(empty)\n',
  },
  {
    name: 'params',
    operand: 'NAME=VALUE ...',
    summary:
      'show or change sampling parameters: /params temp=0.7 topK= (an empty value restores the default)',
    run(operand, state) {
      const { given } = state
      if (operand !== '') {
        const params = changedParams(state.params, state.defaults, operand.split(/\s+/))
        if (given) refuseEndless(given.name, params)
        state.params = params
      }
      return shownParams(state.params, state.defaults, given && [[optionName(given.name), given.file]])
    },
  },
  {
    name: 'stats',
    summary: 'show statistics of the last reply and of the context',
    run: (_, { chat }) => fullStatistics(chat),
  },
  {
    name: 'save',
    operand: 'FILE',
    summary: 'write the conversation to a file, as JSON',
    async run(file, { chat }, terminal) {
      await terminal.writeFile(needed('save', file), `${JSON.stringify(chat, null, 2)}\n`)
      return `(${counted(chat.history.length, 'message')} written)\n`
    },
  },
  {
    name: 'load',
    operand: 'FILE',
    summary: 'continue a saved conversation',
    async run(file, { chat }, terminal) {
      const text = await terminal.readFile(needed('load', file))
      chat.history = historyOf(text, file)
      return `(${counted(chat.history.length, 'message')} read)\n`
    },
  },
  {
    name: 'help',
    aliases: ['?'],
    summary: 'show this',
    run: (_, __, { stderr }) => help(widthOf(stderr)),
  },
  {
    name: 'exit',
    aliases: ['quit', 'bye'],
    summary: 'leave, as Ctrl-D does',
    run: () => 'leave',
  },
]

/** Commands of ollama and llama-cli that differ here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  set: '/params sets sampling parameters, /system the system message',
  show: 'see /params, /system, /stats and /history',
  read: 'paste the text, or leave and pipe the file into dasllama run --chat',
  image: 'models here read text only',
}

const NOTES = `Tab completes commands, the arrow keys recall earlier messages, and Ctrl-R searches them. End a line with \\ to continue it, or put several lines between """ and """. Start a message with // to send one that begins with /.
`

function help(width: number | undefined): string {
  const rows = COMMANDS.map(({ name, aliases = [], operand = '', summary }) => {
    const names = [name, ...aliases].map((each) => `/${each}`).join(', ')
    return [`${names} ${operand}`.trimEnd(), summary] as const
  })
  return definitions(rows, width).join('') + paragraphs(NOTES, width)
}

function namesOf({ name, aliases = [] }: ChatCommand): readonly string[] {
  return [name, ...aliases]
}

/** Runs a line such as `/undo`. Throws `UsageError`. */
export async function runChatCommand(line: string, state: ChatState, terminal: Terminal): Promise<Outcome> {
  const [, name, operand] = /^\/(\S*)\s*([\s\S]*)$/.exec(line)!
  const command = COMMANDS.find((command) => namesOf(command).includes(name.toLowerCase()))
  if (!command) throw unknownCommand(name)
  const outcome = await command.run(operand.trim(), state, terminal)
  return typeof outcome === 'string' && outcome !== 'leave' ? { said: outcome } : outcome
}

function unknownCommand(name: string): UsageError {
  const shown = displayName(name)
  const message = `there is no command /${shown}`
  if (Object.hasOwn(ELSEWHERE, name)) return new UsageError(message, ELSEWHERE[name])
  const meant = nearest(kebabCase(name), COMMANDS.flatMap(namesOf))
  return new UsageError(
    message,
    meant === undefined
      ? '/help lists the commands; start a message with // to send one that begins with /'
      : `did you mean /${meant}?`,
  )
}

/** Tab completions of a line: commands, and after `/params` the names of parameters. */
export function completions(text: string): string[] {
  const params = /^(\/params (?:\S+ +)*)(\S*)$/.exec(text)
  if (params) {
    const [, before, name] = params
    return PARAM_NAMES.filter((each) => each.startsWith(name)).map((each) => `${before}${each}=`)
  }
  return COMMANDS.flatMap((command) =>
    namesOf(command)
      .map((name) => `/${name}${command.operand ? ' ' : ''}`)
      .filter((line) => line.startsWith(text) && text !== ''),
  )
}

function needed(name: string, file: string): string {
  if (file === '') throw new UsageError(`/${name} needs the name of a file: /${name} FILE`)
  return file
}

function historyOf(text: string, file: string) {
  try {
    const { history } = JSON.parse(text)
    if (Array.isArray(history)) return history
  } catch {}
  throw new DasllamaError('BAD_FORMAT', `${file} is not a saved conversation`, {
    hint: '/save writes the format: JSON, { "history": [{ "role": …, "content": … }] }',
  })
}

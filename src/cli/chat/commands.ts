import { DasllamaError } from '../../index.js'
import type { Terminal } from '../../platform/terminal.js'
import { refuseEndless } from '../arguments/format-options.js'
import { nearest } from '../arguments/nearest.js'
import { kebabCase } from '../arguments/options.js'
import { changedParams, shownParams } from '../arguments/sampling-options.js'
import { UsageError } from '../arguments/usage-error.js'
import { columns } from '../output/table.js'
import type { ChatState } from './state.js'

interface ChatCommand {
  readonly name: string
  readonly operand?: string
  readonly summary: string
  /** Resolves with what is to be told. */
  run(operand: string, state: ChatState, terminal: Terminal): string | Promise<string>
}

const COMMANDS: readonly ChatCommand[] = [
  {
    name: 'system',
    operand: 'TEXT',
    summary: 'set the system message; without TEXT show it, with - take it away',
    run(text, { chat }) {
      if (text === '') return `${chat.system ?? '(no system message)'}\n`
      chat.system = text === '-' ? undefined : text
      return '(set)\n'
    },
  },
  {
    name: 'reset',
    summary: 'forget the conversation, but not the system message',
    run(_, { chat }) {
      chat.reset()
      return '(forgotten)\n'
    },
  },
  {
    name: 'undo',
    summary: 'take back your last message and the reply to it',
    run(_, { chat }) {
      const taken = chat.undo()
      return taken.length === 0
        ? '(there is nothing to take back)\n'
        : `(taken back: ${brief(taken[0].content)})\n`
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
    summary: 'show how tokens are chosen, or change it: /params temp=0.7 top-k= (which is the default)',
    run(operand, state) {
      const { given } = state
      if (operand !== '') {
        const params = changedParams(state.params, operand.split(/\s+/))
        if (given) refuseEndless(given.name, params)
        state.params = params
      }
      return shownParams(state.params, given && [[given.name, given.file]])
    },
  },
  {
    name: 'save',
    operand: 'FILE',
    summary: 'write the conversation to a file, as JSON',
    async run(file, { chat }, terminal) {
      await terminal.writeFile(needed('save', file), `${JSON.stringify(chat, null, 2)}\n`)
      return `(${chat.history.length} messages written)\n`
    },
  },
  {
    name: 'load',
    operand: 'FILE',
    summary: 'go on with a conversation that was saved',
    async run(file, { chat }, terminal) {
      const text = await terminal.readFile(needed('load', file))
      chat.history = historyOf(text, file)
      return `(${chat.history.length} messages read)\n`
    },
  },
  { name: 'help', summary: 'show this', run: () => HELP },
  { name: 'exit', summary: 'leave, as Ctrl-D does', run: () => '' },
]

const HELP = `${columns(
  COMMANDS.map(({ name, operand = '', summary }) => [`/${name} ${operand}`.trimEnd(), summary]),
  '  ',
)}A line that ends in \\ goes on in the next one. A message that begins with / is written with //.
`

/** Runs a line such as `/undo`. Resolves with what is to be told, nothing where the chat is to be left. Throws `UsageError`. */
export async function runChatCommand(
  line: string,
  state: ChatState,
  terminal: Terminal,
): Promise<string | undefined> {
  const [, name, operand] = /^\/(\S*)\s*([\s\S]*)$/.exec(line)!
  const command = COMMANDS.find((command) => command.name === kebabCase(name))
  if (!command) {
    const meant = nearest(
      name,
      COMMANDS.map((command) => command.name),
    )
    throw new UsageError(
      `there is no command /${name}`,
      meant === undefined
        ? '/help lists the commands; a message that begins with / is written with //'
        : `did you mean /${meant}?`,
    )
  }
  if (command.name === 'exit') return undefined
  return command.run(operand.trim(), state, terminal)
}

function needed(name: string, file: string): string {
  if (file === '') throw new UsageError(`/${name} needs the name of a file: /${name} FILE`)
  return file
}

function brief(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}

function historyOf(text: string, file: string) {
  try {
    const { history } = JSON.parse(text)
    if (Array.isArray(history)) return history
  } catch {}
  throw new DasllamaError('BAD_FORMAT', `${file} is no saved conversation`, {
    hint: '/save writes such files: JSON, { "history": [{ "role": …, "content": … }] }',
  })
}

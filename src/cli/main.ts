import { DasllamaError } from '../index.js'
import type { Terminal } from '../platform/terminal.js'
import { VERSION } from '../version.js'
import { nearest } from './arguments/nearest.js'
import { UsageError } from './arguments/usage-error.js'
import { chat } from './chat/chat.js'
import { type Command, hintOf } from './command.js'
import { embed } from './embed.js'
import { inspect } from './inspect.js'
import { print } from './output/printable.js'
import { columns } from './output/table.js'
import { run } from './run/run.js'
import { tokenize } from './tokenize.js'

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [run, chat, embed, inspect, tokenize].map((command) => [command.name, command]),
)

const HELP = `Usage: dasllama COMMAND ...

Runs GGUF language models.

${columns(
  [
    ...[...COMMANDS.values()].map(({ name, summary }) => [name, summary]),
    ['help COMMAND', 'Show all about one command'],
    ['--version', 'Show the version of dasllama'],
  ],
  '  ',
)}
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted by Ctrl-C.
`

/** The command line: reads the arguments, runs the command, reports what fails. Resolves with the exit code. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(args, terminal)
  } catch (error) {
    return report(error, args[0], terminal)
  }
}

async function dispatch([name, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  switch (name) {
    case undefined:
      await terminal.stderr.write(HELP)
      return 2
    case '--version':
      await terminal.stdout.write(`${VERSION}\n`)
      return 0
    case 'help':
    case '--help':
    case '-h':
      await terminal.stdout.write(rest.length === 0 ? HELP : find(rest[0]).help)
      return 0
    default:
      return find(name).run(rest, terminal)
  }
}

function find(name: string): Command {
  const command = COMMANDS.get(name)
  if (command) return command
  const meant = nearest(name, COMMANDS.keys())
  const kind = name.startsWith('-') ? 'option' : 'command'
  throw new UsageError(
    `there is no ${kind} ${name}`,
    meant === undefined ? 'dasllama --help lists the commands' : `did you mean ${meant}?`,
  )
}

async function report(error: unknown, name: string | undefined, terminal: Terminal): Promise<number> {
  const usage = error instanceof UsageError
  const message = error instanceof Error ? error.message : String(error)
  const lines = [`dasllama: ${message}`]
  const hints = COMMANDS.get(name ?? '')?.hints
  const hint = usage ? error.hint : error instanceof DasllamaError ? hintOf(error, hints) : undefined
  if (hint !== undefined) lines.push(hint)
  if (usage && name !== undefined && COMMANDS.has(name))
    lines.push(`dasllama ${name} --help shows all options`)
  if (terminal.debug) lines.push(...traces(error))
  await print(terminal.stderr, `${lines.join('\n')}\n`)
  return usage ? 2 : 1
}

/** The stack of the error and of what caused it. */
function traces(error: unknown): string[] {
  return error instanceof Error ? [error.stack ?? '', ...traces(error.cause)] : []
}

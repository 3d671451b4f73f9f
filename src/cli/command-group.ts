import { displayName } from '../describe.js'
import { nearest } from '../nearest.js'
import { UsageError } from './arguments/usage-error.js'
import { type Command, widthOf } from './command.js'
import { definitions, paragraphs } from './output/layout.js'

/** Commands with a common first word. */
export interface CommandGroupSpec {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Their names begin with that of the group. */
  readonly commands: readonly Command[]
  /** The end of --help: examples and notes. */
  readonly notes: string
}

/** A command that runs the one that its first argument names. */
export function commandGroup({ name, summary, commands, notes }: CommandGroupSpec): Command {
  const byWord = new Map(commands.map((command) => [command.name.slice(name.length + 1), command]))
  const help = (width: number | undefined) => {
    const rows = [...byWord].map(([word, command]) => [word, command.summary] as const)
    return [
      `Usage: dasllama ${name} COMMAND ...\n`,
      paragraphs(`${summary}.\n`, width),
      definitions(rows, width).join(''),
      paragraphs(`dasllama ${name} COMMAND --help lists the options of a command.\n\n${notes}`, width),
    ].join('\n')
  }
  return {
    name,
    summary,
    help,
    hints: {},
    async run([word, ...rest], terminal) {
      if (word === undefined) {
        await terminal.stderr.write(help(widthOf(terminal.stderr)))
        return 2
      }
      if (word === '--help' || word === '-h') {
        await terminal.stdout.write(help(widthOf(terminal.stdout)))
        return 0
      }
      const command = byWord.get(word)
      if (command) return command.run(rest, terminal)
      const meant = nearest(word, byWord.keys())
      throw new UsageError(
        `there is no command ${name} ${displayName(word)}`,
        meant === undefined ? `there are ${[...byWord.keys()].join(', ')}` : `did you mean ${meant}?`,
      )
    },
  }
}

import type { Terminal } from '../platform/terminal.js'
import { flag, type Option, type OptionTable, type Values } from './options.js'
import { optionName, parse } from './parse.js'
import { columns } from './table.js'
import { UsageError } from './usage-error.js'

/** An argument that is not an option. All operands are needed. */
export interface Operand {
  readonly name: string
  readonly summary: string
  /** What to say when it is missing. */
  readonly hint?: string
}

export interface CommandSpec<Table extends OptionTable> {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly operands: readonly Operand[]
  readonly options: Table
  /** The end of --help: examples and what the options do not say. */
  readonly notes: string
  /** Resolves with the exit code. */
  run(operands: readonly string[], values: Values<Table>, terminal: Terminal): Promise<number>
}

/** A command whose options' types are put away. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly help: string
  run(args: readonly string[], terminal: Terminal): Promise<number>
}

export function command<Table extends OptionTable>(spec: CommandSpec<Table>): Command {
  const table = { ...spec.options, help: flag('show this text', '-h') }
  const help = helpFor(spec, table)
  return {
    name: spec.name,
    summary: spec.summary,
    help,
    async run(args, terminal) {
      const { operands, values } = parse(args, table)
      if (values.help) {
        await terminal.stdout.write(help)
        return 0
      }
      checkCount(spec, operands)
      return spec.run(operands, values, terminal)
    },
  }
}

function checkCount(
  { name, operands }: Pick<Command, 'name'> & { operands: readonly Operand[] },
  given: readonly string[],
) {
  if (given.length < operands.length) {
    const missing = operands[given.length]
    throw new UsageError(`${name} needs ${missing.name}: ${missing.summary}`, missing.hint)
  }
  if (given.length > operands.length) {
    throw new UsageError(
      `${name} does not know what to do with "${given[operands.length]}"`,
      'put quotes around a text of several words',
    )
  }
}

function helpFor<Table extends OptionTable>(spec: CommandSpec<Table>, table: OptionTable): string {
  const operands = spec.operands.map(({ name }) => name).join(' ')
  const optionRows = Object.entries(table).map(([key, option]) => [
    `${option.short ? `${option.short}, ` : ''}${optionName(key)} ${option.placeholder ?? ''}`.trimEnd(),
    option.summary + fallbackText(option),
  ])
  return [
    `Usage: dasllama ${spec.name} ${operands} [options]\n`,
    `${spec.summary}.\n`,
    columns([...spec.operands.map(({ name, summary }) => [name, summary]), ...optionRows], '  '),
    spec.notes,
  ].join('\n')
}

function fallbackText({ fallback, placeholder }: Option<unknown>): string {
  return placeholder === undefined || fallback === undefined ? '' : ` (default ${fallback})`
}

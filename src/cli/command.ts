import type { DasllamaError, ErrorCode } from '../index.js'
import type { Terminal } from '../platform/terminal.js'
import { flag, type Option, type OptionTable, type Values } from './arguments/options.js'
import { optionName, parse } from './arguments/parse.js'
import { UsageError } from './arguments/usage-error.js'
import { columns } from './output/table.js'

/** An argument that is not an option. All operands are needed. */
export interface Operand {
  readonly name: string
  readonly summary: string
  /** What to say when it is missing. */
  readonly hint?: string
  /** Whether there may be several; of the last one only. */
  readonly repeats?: boolean
}

export type Hints = Readonly<Partial<Record<ErrorCode, string>>>

export interface CommandSpec<Table extends OptionTable> {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly operands: readonly Operand[]
  readonly options: Table
  /** The end of --help: examples and what the options do not say. */
  readonly notes: string
  /** Hints in the words of the command line, for errors whose own hints name options of the library. */
  readonly hints?: Hints
  /** Resolves with the exit code. */
  run(operands: readonly string[], values: Values<Table>, terminal: Terminal): Promise<number>
}

/** A command whose options' types are put away. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly help: string
  readonly hints: Hints
  run(args: readonly string[], terminal: Terminal): Promise<number>
}

/** What to say besides an error's message. */
export function hintOf({ code, hint }: DasllamaError, hints: Hints = {}): string | undefined {
  return hints[code] ?? hint
}

export function command<Table extends OptionTable>(spec: CommandSpec<Table>): Command {
  const table = { ...spec.options, help: flag('show this text', '-h') }
  const help = helpFor(spec, table)
  return {
    name: spec.name,
    summary: spec.summary,
    help,
    hints: spec.hints ?? {},
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
  if (given.length > operands.length && !operands.at(-1)?.repeats) {
    throw new UsageError(
      `${name} does not know what to do with "${given[operands.length]}"`,
      'put quotes around a text of several words',
    )
  }
}

function helpFor<Table extends OptionTable>(spec: CommandSpec<Table>, table: OptionTable): string {
  const operands = spec.operands.map(({ name, repeats }) => (repeats ? `${name} ...` : name)).join(' ')
  return [
    `Usage: dasllama ${spec.name} ${operands} [options]\n`,
    `${spec.summary}.\n`,
    listing(spec.operands, table),
    spec.notes,
  ].join('\n')
}

/** Operands, options without a heading, then the others under theirs, all in the same columns. */
function listing(operands: readonly Operand[], table: OptionTable): string {
  const headings = new Set([undefined, ...Object.values(table).map((option) => option.group)])
  const ordered = [...headings].flatMap((heading) =>
    Object.entries(table).filter(([, option]) => option.group === heading),
  )
  const lines = columns(
    [...operands.map(({ name, summary }) => [name, summary]), ...ordered.map(optionRow)],
    '  ',
  ).split('\n')
  let previous: string | undefined
  for (const [index, [, option]] of ordered.entries()) {
    if (option.group !== previous)
      lines[operands.length + index] = `\n${option.group}:\n${lines[operands.length + index]}`
    previous = option.group
  }
  return lines.join('\n')
}

function optionRow([key, option]: [string, Option<unknown>]): string[] {
  const { short, placeholder = '', bare } = option
  const value = bare === undefined ? ` ${placeholder}` : `[=${placeholder}]`
  return [
    `${short ? `${short}, ` : ''}${optionName(key)}${value}`.trimEnd(),
    option.summary + fallbackText(option),
  ]
}

function fallbackText({ fallback, placeholder, show = String }: Option<unknown>): string {
  const text = placeholder === undefined || fallback === undefined ? '' : show(fallback)
  return text === '' ? '' : ` (default ${text})`
}

import { describeValue } from '../describe.js'
import type { DasllamaError, ErrorCode } from '../index.js'
import type { Output, Terminal } from '../platform/terminal.js'
import { alias, flag, type Option, type OptionTable, type Values } from './arguments/options.js'
import { optionName, parse } from './arguments/parse.js'
import { UsageError } from './arguments/usage-error.js'
import { definitions, paragraphs } from './output/layout.js'

/** An argument that is not an option. All operands are required, except an optional one and one that may come from a pipe. */
export interface Operand {
  readonly name: string
  readonly summary: string
  /** The hint if it is missing. */
  readonly hint?: string
  /** Whether there may be several; for the last operand only. */
  readonly repeats?: boolean
  /** Whether it may be missing; for the last operand only. */
  readonly isOptional?: boolean
  /** Whether standard input replaces it if it is missing; for the last operand only. */
  readonly fromInput?: boolean
  /** The option that may be used instead; for the first operand only. */
  readonly option?: Option<string | undefined>
}

export type Hints = Readonly<Partial<Record<ErrorCode, string>>>

export interface CommandSpec<Table extends OptionTable> {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly operands: readonly Operand[]
  readonly options: Table
  /** The end of --help: examples and notes. */
  readonly notes: string
  /** The hint for too many operands; `words` are the surplus ones. Default: what is expected. */
  readonly excessHint?: (words: readonly string[]) => string
  /** Hints in terms of the command line, for errors whose own hints name the library's options. */
  readonly hints?: Hints
  /** Resolves with the exit code. `given`: the keys of the given options, in order. */
  run(
    operands: readonly string[],
    values: Values<Table>,
    terminal: Terminal,
    given: readonly string[],
  ): Promise<number>
}

/** A command with its option types erased. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** The text of --help, wrapped at `width`; without it, each row is one line. */
  help(width: number | undefined): string
  readonly hints: Hints
  run(args: readonly string[], terminal: Terminal): Promise<number>
}

/** The hint for an error. */
export function hintOf({ code, hint }: DasllamaError, hints: Hints = {}): string | undefined {
  return hints[code] ?? hint
}

export function command<Table extends OptionTable>(spec: CommandSpec<Table>): Command {
  const [first] = spec.operands
  const table = { ...spec.options, help: alias(flag('show this text'), '-h') }
  const known = first?.option ? { ...table, model: first.option } : table
  const help = (width: number | undefined) => helpFor(spec, table, width)
  return {
    name: spec.name,
    summary: spec.summary,
    help,
    hints: spec.hints ?? {},
    async run(args, terminal) {
      const { operands, values, given } = parse(args, known, { command: spec.name })
      if (values.help) {
        await terminal.stdout.write(help(widthOf(terminal.stdout)))
        return 0
      }
      const { model } = values as { model?: string }
      if (model !== undefined) operands.unshift(model)
      const last = spec.operands.at(-1)
      const isMissing = operands.length === spec.operands.length - 1
      if (last?.fromInput && isMissing && !terminal.inputIsTerminal) operands.push('-')
      checkCount(spec, operands)
      return spec.run(operands, values, terminal, given)
    },
  }
}

/** The line width for an output: limited for readability on a terminal, unlimited in a file. */
export function widthOf({ columns }: Output): number | undefined {
  return columns && Math.min(columns, WIDEST_TEXT)
}

const WIDEST_TEXT = 120

function checkCount(
  { name, operands, excessHint }: Pick<CommandSpec<OptionTable>, 'name' | 'operands' | 'excessHint'>,
  given: readonly string[],
) {
  const needed = operands.filter(({ isOptional }) => !isOptional).length
  if (given.length < needed) {
    const missing = operands[given.length]
    throw new UsageError(`${name} needs ${missing.name}: ${missing.summary}`, missing.hint)
  }
  if (given.length > operands.length && !operands.at(-1)?.repeats) {
    throw new UsageError(
      `${name} has an unexpected argument ${describeValue(given[operands.length])}`,
      excessHint?.(given.slice(operands.length)) ?? expectationOf(name, operands),
    )
  }
}

/** The hint for more operands than a command takes. */
function expectationOf(name: string, operands: readonly Operand[]): string {
  const last = operands.at(-1)
  if (!last) return `${name} takes options only`
  if (last.fromInput) return 'put quotes around a text with several words'
  return `${name} takes one ${last.name}`
}

function helpFor<Table extends OptionTable>(
  spec: CommandSpec<Table>,
  table: OptionTable,
  width: number | undefined,
): string {
  const operands = spec.operands
    .map(({ name, repeats, fromInput, isOptional }) => {
      const written = repeats ? `${name} ...` : name
      return fromInput || isOptional ? `[${written}]` : written
    })
    .join(' ')
  return [
    `Usage: ${['dasllama', spec.name, operands, '[options]'].filter((part) => part !== '').join(' ')}\n`,
    paragraphs(`${spec.summary}.\n`, width),
    listing(spec.operands, table, width),
    paragraphs(spec.notes, width),
  ].join('\n')
}

/** Operands, options without a heading, then the others under their headings, all in the same columns. */
function listing(operands: readonly Operand[], table: OptionTable, width: number | undefined): string {
  const headings = new Set([undefined, ...Object.values(table).map((option) => option.group)])
  const ordered = [...headings].flatMap((heading) =>
    Object.entries(table).filter(([, option]) => option.group === heading),
  )
  const blocks = definitions(
    [...operands.map(({ name, summary }) => [name, summary] as const), ...ordered.map(optionRow)],
    width,
  )
  let previous: string | undefined
  for (const [index, [, option]] of ordered.entries()) {
    if (option.group !== previous)
      blocks[operands.length + index] = `\n${option.group}:\n${blocks[operands.length + index]}`
    previous = option.group
  }
  return blocks.join('')
}

function optionRow([key, option]: [string, Option<unknown>]): readonly [string, string] {
  const { aliases = [], placeholder = '', bare } = option
  const value = bare === undefined ? ` ${placeholder}` : `[=${placeholder}]`
  const short = aliases.find((alias) => /^-\w$/.test(alias))
  return [
    `${short ? `${short}, ` : ''}${optionName(key)}${value}`.trimEnd(),
    option.summary + fallbackText(option),
  ]
}

function fallbackText({ fallback, placeholder, show = String }: Option<unknown>): string {
  const text = placeholder === undefined || fallback === undefined ? '' : show(fallback)
  return text === '' ? '' : ` (default ${text})`
}

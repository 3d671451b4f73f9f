import { nearest } from './nearest.js'
import { kebabCase, type OptionTable, type Values } from './options.js'
import { UsageError } from './usage-error.js'

/** `topK` in a table is `--top-k` on the command line. */
export function optionName(key: string): string {
  return `--${kebabCase(key)}`
}

export interface Parsed<Table extends OptionTable> {
  /** What is not an option, in order. */
  readonly operands: string[]
  readonly values: Values<Table>
}

/**
 * Reads a command line: `--name value`, `--name=value`, flags, `--name[=value]`, operands in any place; what follows `--` is operands.
 * An option that is given twice has its last value, unless it collects. Throws `UsageError`.
 */
export function parse<Table extends OptionTable>(args: readonly string[], table: Table): Parsed<Table> {
  const keys = new Map<string, string>()
  const values: Record<string, unknown> = {}
  for (const [key, option] of Object.entries(table)) {
    keys.set(optionName(key), key)
    if (option.short) keys.set(option.short, key)
    values[key] = option.fallback
  }
  const operands: string[] = []

  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (arg === '--') {
      operands.push(...args.slice(i + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      operands.push(arg)
      continue
    }
    const equals = arg.indexOf('=')
    const name = equals < 0 ? arg : arg.slice(0, equals)
    const key = keys.get(name)
    if (key === undefined) throw unknownOption(name, Object.keys(table))
    const option = table[key]
    let value = equals < 0 ? undefined : arg.slice(equals + 1)
    if (value === undefined && option.bare !== undefined) {
      values[key] = option.bare
      continue
    }
    if (option.placeholder === undefined) {
      if (value !== undefined) throw new UsageError(`${name} takes no value`)
    } else {
      value ??= args[++i]
      if (value === undefined) throw new UsageError(`${name} needs a value: ${name} ${option.placeholder}`)
      if (equals < 0 && value.startsWith('--')) {
        throw new UsageError(
          `${name} needs a value, and ${value} looks like the next option`,
          `if it is the value, write ${name}=${value}`,
        )
      }
    }
    try {
      values[key] = option.read(value ?? '', values[key])
    } catch (cause) {
      throw new UsageError(`${name} ${(cause as Error).message}, not "${value}"`)
    }
  }
  return { operands, values: values as Values<Table> }
}

function unknownOption(name: string, keys: readonly string[]): UsageError {
  // Without the dashes: they would make any two short names look alike.
  const meant = nearest(name.replace(/^-+/, ''), keys.map(kebabCase))
  return new UsageError(
    `there is no option ${name}`,
    meant === undefined ? 'to pass it as text, write -- before it' : `did you mean --${meant}?`,
  )
}

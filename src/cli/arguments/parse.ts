import { describeValue, displayName } from '../../describe.js'
import { nearest } from '../../nearest.js'
import { type ForeignFlag, foreignFlag } from './foreign.js'
import { kebabCase, type OptionTable, type Values } from './options.js'
import { UsageError } from './usage-error.js'

/** `topK` in a table is `--top-k` on the command line. */
export function optionName(key: string): string {
  return `--${kebabCase(key)}`
}

export interface Parsed<Table extends OptionTable> {
  /** The arguments that are not options, in order. */
  readonly operands: string[]
  readonly values: Values<Table>
  /** The keys of the given options, in order, without duplicates. */
  readonly given: readonly string[]
}

export interface ParseSettings {
  /** The table's command, to look up flags of other programs. Default: none. */
  readonly command?: string
  /** An option's name in messages. Default: as on the command line. */
  readonly nameOf?: (key: string) => string
  /** What messages call an option. Default `option`. */
  readonly noun?: string
}

/**
 * Parses a command line: `--name value`, `--name=value`, flags, `--name[=value]`, operands anywhere; everything after `--`
 * is an operand. A name may also be written as in the library (`--topK`) or with underscores. The last value of a repeated
 * option wins, unless the option collects. Throws `UsageError`.
 */
export function parse<Table extends OptionTable>(
  args: readonly string[],
  table: Table,
  { command, nameOf = optionName, noun = 'option' }: ParseSettings = {},
): Parsed<Table> {
  const keys = keysByName(table)
  const values: Record<string, unknown> = {}
  for (const [key, option] of Object.entries(table)) values[key] = option.fallback
  const operands: string[] = []
  const given = new Set<string>()

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
    const written = equals < 0 ? arg : arg.slice(0, equals)
    const key = keys.get(written) ?? keys.get(plainName(written))
    if (key === undefined) {
      const foreign = foreignFlag(written, command) ?? foreignFlag(plainName(written), command)
      if (!foreign?.isAccepted) throw unknownOption(written, keys, { foreign, nameOf, noun })
      continue
    }
    const option = table[key]
    const name = noun === 'option' ? written : nameOf(key)
    given.add(key)
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
          `${name} needs a value, but ${describeValue(value)} looks like the next option`,
          `if it is the value, write ${name}=${displayName(value)}`,
        )
      }
    }
    try {
      values[key] = option.read(value ?? '', values[key])
    } catch (cause) {
      throw new UsageError(`${name} ${(cause as Error).message}, not ${describeValue(value ?? '')}`)
    }
  }
  return { operands, values: values as Values<Table>, given: [...given] }
}

function keysByName(table: OptionTable): Map<string, string> {
  const keys = new Map<string, string>()
  for (const [key, option] of Object.entries(table)) {
    keys.set(optionName(key), key)
    for (const alias of option.aliases ?? []) keys.set(alias, key)
  }
  return keys
}

/** The canonical spelling of a long name: `--top_k` and `--topK` are `--top-k`. */
function plainName(name: string): string {
  return name.startsWith('--') ? `--${kebabCase(name.slice(2)).replaceAll('_', '-')}` : name
}

function unknownOption(
  name: string,
  keysByName: ReadonlyMap<string, string>,
  {
    foreign,
    nameOf,
    noun,
  }: { foreign: ForeignFlag | undefined } & Required<Pick<ParseSettings, 'nameOf' | 'noun'>>,
): UsageError {
  const bare = name.replace(/^-+/, '')
  const shown = noun === 'option' ? displayName(name) : displayName(bare)
  const message = `there is no ${noun} ${shown}`
  if (foreign) {
    const named = (written: string) => {
      const key = keysByName.get(written)
      return key === undefined ? written : nameOf(key)
    }
    return new UsageError(message, foreign.hint?.replace(/--[a-z-]+/g, named))
  }
  // Without the dashes, which would make any two short names similar.
  const names = [...keysByName.keys()].filter((name) => name.startsWith('--')).map((name) => name.slice(2))
  const meant = nearest(plainName(`--${bare}`).slice(2), names)
  const key = meant === undefined ? undefined : keysByName.get(`--${meant}`)
  return new UsageError(message, key === undefined ? undefined : `did you mean ${nameOf(key)}?`)
}

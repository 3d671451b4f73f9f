/** The kinds of options in a command's table. */

/** One `--name`: how its value is read, and its text in --help. */
export interface Option<T> {
  /** Placeholder of the value in --help; absent for a flag. */
  readonly placeholder?: string
  /** Other names, as written: a letter such as `-h`, which --help shows, and other programs' names. */
  readonly aliases?: readonly string[]
  readonly summary: string
  /** The heading that --help lists it under. */
  readonly group?: string
  /** The value if the option is not given. */
  readonly fallback: T
  /** The value if the option is given without one (then a value needs an equals sign). Absent if a value is required. */
  readonly bare?: T
  /** Whether it is a single number, of which a sweep may list several. */
  readonly isNumber?: boolean
  /** Parses the value; `before` is the value so far. The message of an error says what is expected. */
  read(text: string, before: T): T
  /** The fallback as shown in --help; not shown if empty. Default: the value as text. */
  show?(fallback: T): string
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds options of every type; `Values` gives each its own back
export type OptionTable = Readonly<Record<string, Option<any>>>

/** The values of a table's options. */
export type Values<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never
}

/** The values of one part of a larger table. */
export function pick<Part extends OptionTable>(part: Part, values: Values<OptionTable>): Values<Part> {
  return Object.fromEntries(Object.keys(part).map((key) => [key, values[key]])) as Values<Part>
}

/** The options of a table under a heading of --help. */
export function group<Table extends OptionTable>(heading: string, table: Table): Table {
  const entries = Object.entries(table).map(([key, option]) => [key, { ...option, group: heading }])
  return Object.fromEntries(entries) as Table
}

/** An option with other names, each as written, dashes included. */
export function alias<T>(option: Option<T>, ...aliases: readonly string[]): Option<T> {
  return { ...option, aliases: [...(option.aliases ?? []), ...aliases] }
}

/** `topK` is written `top-k` on the command line. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

interface Range {
  min?: number
  max?: number
  /** The value if the option is not given; shown in --help. */
  fallback?: number
}

export function flag(summary: string): Option<boolean> {
  return { summary, fallback: false, read: () => true }
}

export function text(placeholder: string, summary: string): Option<string | undefined> {
  return { placeholder, summary, fallback: undefined, read: (value) => value }
}

/** An option with a value if it is not given. */
export function valueOr<T>(option: Option<T | undefined>, fallback: T): Option<T> {
  return { ...option, fallback } as Option<T>
}

/** An option whose value is optional. */
export function optional<T, Bare>(option: Option<T>, bare: Bare): Option<T | Bare> {
  return { ...option, bare, read: (text) => option.read(text, option.fallback), show: undefined }
}

/** An option that also accepts -1, which means the default, as in llama.cpp. */
export function orMinusOne<T>(option: Option<T | undefined>): Option<T | undefined> {
  return { ...option, read: (text, before) => (text === '-1' ? undefined : option.read(text, before)) }
}

/** An option that also accepts `auto`, its default. */
export function orAuto<T>(option: Option<T | undefined>): Option<T | 'auto' | undefined> {
  return {
    ...option,
    placeholder: `${option.placeholder}|auto`,
    fallback: 'auto',
    read: (text) => (text === 'auto' ? text : option.read(text, undefined)),
  }
}

/** Strings: one per occurrence of the option. */
export function texts(placeholder: string, summary: string): Option<string[]> {
  return { placeholder, summary, fallback: [], read: (value, before) => [...before, value] }
}

/** One of several names. */
export function choice<Name extends string>(
  known: readonly Name[],
  summary: string,
  fallback: Name,
): Option<Name>
export function choice<Name extends string>(known: readonly Name[], summary: string): Option<Name | undefined>
export function choice<Name extends string>(
  known: readonly Name[],
  summary: string,
  fallback?: Name,
): Option<Name | undefined> {
  return {
    placeholder: known.join('|'),
    summary,
    fallback,
    read(value) {
      const name = known.find((name) => name === value)
      if (name === undefined) throw new Error(`must be one of ${known.join(', ')}`)
      return name
    },
  }
}

/**
 * An ordered selection of names; default all. `find` resolves other spellings; without it, dashes, underscores and case
 * are ignored.
 */
export function choices<Name extends string>(
  known: readonly Name[],
  summary: string,
  find = (text: string): Name | undefined => {
    const written = kebabCase(text).replaceAll('_', '-')
    return known.find((name) => kebabCase(name) === written)
  },
): Option<Name[]> {
  return {
    placeholder: 'A,B,C',
    summary,
    fallback: [...known],
    show: (names) => names.map(kebabCase).join(','),
    read: (value) =>
      list(value.replaceAll(';', ',')).map((text) => {
        const name = find(text)
        if (name !== undefined) return name
        throw new Error(
          `must be comma-separated names out of ${known.map((name) => kebabCase(name)).join(', ')}`,
        )
      }),
  }
}

/** A finite number. */
export function number(summary: string, range: Range & { fallback: number }): Option<number>
export function number(summary: string, range?: Range): Option<number | undefined>
export function number(summary: string, range: Range = {}): Option<number | undefined> {
  return numeric('X', 'a number', /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, summary, range)
}

/** A whole number. */
export function integer(summary: string, range: Range & { fallback: number }): Option<number>
export function integer(summary: string, range?: Range): Option<number | undefined>
export function integer(summary: string, range: Range = {}): Option<number | undefined> {
  return numeric('N', 'a whole number', /^[+-]?\d+$/, summary, range)
}

function numeric(
  placeholder: string,
  kind: string,
  pattern: RegExp,
  summary: string,
  { min = -Number.MAX_VALUE, max = Number.MAX_VALUE, fallback }: Range,
): Option<number | undefined> {
  const expected = min === max ? String(min) : kind + range(min, max)
  return {
    placeholder,
    summary,
    fallback,
    isNumber: true,
    read(value) {
      const number = pattern.test(value) ? Number(value) : Number.NaN
      if (!(number >= min && number <= max)) throw new Error(`must be ${expected}`)
      return number
    },
  }
}

function range(min: number, max: number): string {
  if (max === Number.MAX_VALUE) return min === -Number.MAX_VALUE ? '' : ` of ${min} or more`
  return min === -Number.MAX_VALUE ? ` of ${max} or less` : ` from ${min} to ${max}`
}

/** The parts of a list separated by commas or spaces. */
function list(text: string): string[] {
  const trimmed = text.trim()
  return trimmed === '' ? [] : trimmed.split(/\s*,\s*|\s+/)
}

/** One or more whole numbers from 0 to `max`. */
function wholeNumbers(text: string, max: number, expected: string): number[] {
  const parts = list(text)
  if (parts.length === 0 || !parts.every((part) => /^\d{1,16}$/.test(part) && Number(part) <= max)) {
    throw new Error(`must be ${expected} separated by commas, such as 1,2,3`)
  }
  return parts.map(Number)
}

/** Larger than any vocabulary. */
const MAX_ID = 999_999_999

/** Token ids, as `dasllama tokenize` prints them. */
export function tokenIds(summary: string): Option<number[] | undefined> {
  return {
    placeholder: '1,2,3',
    summary,
    fallback: undefined,
    read: (value) => wholeNumbers(value, MAX_ID, 'token ids'),
  }
}

/** Distinct seeds. */
export function seeds(summary: string): Option<number[] | undefined> {
  return {
    placeholder: '1,2,3',
    summary,
    fallback: undefined,
    read: (value) => [...new Set(wholeNumbers(value, Number.MAX_SAFE_INTEGER, 'seeds'))],
  }
}

/** Numbers by token id; `-inf` is allowed. Later occurrences add to earlier ones. */
export function tokenNumbers(summary: string): Option<Record<number, number>> {
  return {
    placeholder: 'ID=X,ID=X',
    summary,
    fallback: {},
    show: () => '',
    read(value, before) {
      const parts = list(value).map((part) =>
        /^(\d{1,9})(?:=|(?=[+-]))(-inf|[+-]?(?:\d+\.?\d*|\.\d+))$/i.exec(part),
      )
      if (parts.length === 0 || parts.includes(null)) {
        throw new Error('must be token ids with a number each, such as 15043=-5,29991=+2')
      }
      const pairs = parts.map((part) => [part![1], /inf/i.test(part![2]) ? -Infinity : Number(part![2])])
      return { ...before, ...Object.fromEntries(pairs) }
    },
  }
}

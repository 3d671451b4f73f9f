/** The kinds of options that a command's table is made of. */

/** One `--name`: how its value is read, and what --help says. */
export interface Option<T> {
  /** Stands for the value in --help; absent for a flag, which takes none. */
  readonly placeholder?: string
  /** Another name, such as `-h`. */
  readonly short?: string
  readonly summary: string
  /** The value when the option is not given. */
  readonly fallback: T
  /** Reads the text after the name; the error's message says what is expected. */
  read(text: string): T
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds options of every type; `Values` gives each its own back
export type OptionTable = Readonly<Record<string, Option<any>>>

/** What a table's options amount to once the command line is read. */
export type Values<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never
}

/** The values of one part of a larger table. */
export function pick<Part extends OptionTable>(part: Part, values: Values<OptionTable>): Values<Part> {
  return Object.fromEntries(Object.keys(part).map((key) => [key, values[key]])) as Values<Part>
}

interface Range {
  min?: number
  max?: number
  /** The value when the option is not given; --help shows it. */
  fallback?: number
}

export function flag(summary: string, short?: string): Option<boolean> {
  return { summary, short, fallback: false, read: () => true }
}

export function text(placeholder: string, summary: string): Option<string | undefined> {
  return { placeholder, summary, fallback: undefined, read: (value) => value }
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

/** Token ids, as `dasllama tokenize` prints them. */
export function tokenIds(summary: string): Option<number[] | undefined> {
  return {
    placeholder: '1,2,3',
    summary,
    fallback: undefined,
    read(value) {
      if (!/^\s*\d{1,9}(\s*[,\s]\s*\d{1,9})*\s*$/.test(value)) {
        throw new Error('must be token ids with commas between, such as 1,2,3')
      }
      return value
        .trim()
        .split(/[,\s]+/)
        .map(Number)
    },
  }
}

import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { isArray, readList, readOptions } from '../read-list.js'

/** A finite number. */
export interface NumberKind {
  readonly type: 'number'
  readonly whole?: boolean
  readonly min?: number
  readonly max?: number
}

/** Names of steps, each at most once, and functions. */
export interface StepsKind {
  readonly type: 'steps'
  readonly names: readonly string[]
}

/** The type and range of a knob's value. */
export type KnobKind = NumberKind | StepsKind | { readonly type: 'boolean' | 'ids' | 'biases' }

/** The kind whose values are of type `T`. */
type KindOf<T> = [T] extends [number]
  ? NumberKind
  : [T] extends [boolean]
    ? { readonly type: 'boolean' }
    : [T] extends [readonly number[] | undefined]
      ? { readonly type: 'ids' }
      : [T] extends [Readonly<Record<number, number>>]
        ? { readonly type: 'biases' }
        : StepsKind

/** Exactly one row per parameter. */
export type KnobTable<Params> = {
  readonly [Name in keyof Params]-?: Knob<Params[Name], KindOf<Params[Name]>>
}

/** A sampling parameter, declared once: checks, command line, help and documentation derive from it. */
export interface Knob<T = unknown, Kind extends KnobKind = KnobKind> {
  readonly default: T
  readonly kind: Kind
  /** One line without a capital letter or full stop. Other knobs are written as `name`; N is a whole number, X any number. */
  readonly summary: string
  /** The section that lists it. */
  readonly group: KnobGroup
  /** Names for it in other programs. */
  readonly aliases?: readonly string[]
  /** The letter of its short option on the command line. */
  readonly letter?: string
  /**
   * The key under `general.sampling.` with which a model file recommends a value, and the range accepted from an
   * untrusted file if it is narrower than a caller's.
   */
  readonly file?: { readonly key: string; readonly min?: number; readonly max?: number }
}

/** Sections of --help, in its order. */
export const KNOB_GROUPS = ['ending', 'choosing', 'repetition', 'tokens'] as const

export type KnobGroup = (typeof KNOB_GROUPS)[number]

/** The values that a kind allows, in words: `0 to 1`, `whole, 0 or more`. */
export function valuesOf(kind: KnobKind): string {
  if (kind.type !== 'number') return WORDS[kind.type]
  const { whole, min, max } = kind
  if (min === undefined && max === undefined) return whole ? 'any whole number' : 'any number'
  const range =
    min === undefined ? `${max} or less` : max === undefined ? `${min} or more` : `${min} to ${max}`
  return whole ? `whole, ${range}` : range
}

const WORDS = {
  boolean: 'true or false',
  ids: 'token ids',
  biases: 'token ids with a number each',
  steps: 'names of steps, and functions',
} as const satisfies Record<Exclude<KnobKind['type'], 'number'>, string>

/** The value of the knob `name`, lists as copies. Throws `INVALID_ARGUMENT` for one that its kind does not allow. */
export function checkKnob(name: string, kind: KnobKind, value: unknown): unknown {
  switch (kind.type) {
    case 'number':
      return checkNumber(name, kind, value)
    case 'boolean':
      return checkBoolean(name, value)
    case 'ids':
      return checkIds(name, value)
    case 'biases':
      return checkBiases(name, value)
    case 'steps':
      return checkSteps(name, kind, value)
  }
}

function checkNumber(name: string, { whole, min, max }: NumberKind, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalid(`${name} must be a finite number, not ${describeValue(value)}`)
  }
  if (whole && !Number.isInteger(value)) throw invalid(`${name} must be a whole number, not ${value}`)
  if (min !== undefined && value < min) throw invalid(`${name} must be ${min} or more, not ${value}`)
  if (max !== undefined && value > max) throw invalid(`${name} must be ${max} or less, not ${value}`)
  return value
}

function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(`${name} must be true or false, not ${describeValue(value)}`)
}

/** A copy. Throws `INVALID_ARGUMENT` for what is not an array of token ids. */
export function checkIds(name: string, ids: unknown): number[] {
  if (!isArray(ids)) throw invalid(`${name} must be an array of token ids, not ${describeValue(ids)}`)
  return readList(name, ids, (id) => checkId(name, id))
}

function checkId(name: string, id: unknown): number {
  if (Number.isInteger(id) && (id as number) >= 0) return id as number
  throw invalid(`${name} names ${describeValue(id)}, which is not a token id`)
}

function checkBiases(name: string, biases: unknown): Readonly<Record<number, number>> {
  if (typeof biases !== 'object' || biases === null || isArray(biases)) {
    throw invalid(`${name} must be an object from token ids to numbers, not ${describeValue(biases)}`)
  }
  const copy = readOptions(name, biases)
  for (const [id, value] of Object.entries(copy)) {
    checkId(name, String(Number(id)) === id ? Number(id) : id)
    if (typeof value === 'number' && (Number.isFinite(value) || value === Number.NEGATIVE_INFINITY)) continue
    throw invalid(`${name} of ${id} must be a finite number or -Infinity, not ${describeValue(value)}`)
  }
  return copy as Readonly<Record<number, number>>
}

function checkSteps(name: string, { names }: StepsKind, steps: unknown): unknown[] {
  if (!isArray(steps)) throw invalid(`${name} must be an array, not ${describeValue(steps)}`)
  const seen = new Set<unknown>()
  return readList(name, steps, (step) => {
    if (typeof step !== 'function' && !(names as readonly unknown[]).includes(step)) {
      throw invalid(`${name} names ${describeValue(step)}`, `there are ${names.join(', ')} and functions`)
    }
    if (typeof step === 'string' && seen.has(step)) throw invalid(`${name} names "${step}" twice`)
    seen.add(step)
    return step
  })
}

export function invalid(message: string, hint?: string): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', message, { hint })
}

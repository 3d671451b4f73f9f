import { isRecord } from '../../checks.js'
import { describeValue } from '../../describe.js'
import { nearest } from '../../nearest.js'
import { isArray } from '../../read-list.js'
import { type ApiError, invalidField } from '../api-error.js'

/** The values that a number may have. */
export interface NumberRange {
  readonly whole?: boolean
  readonly min?: number
  readonly max?: number
}

/**
 * The fields of an object in a request, each asked for by name. `null` counts as absent, as in OpenAI's API. `end` rejects
 * fields that nothing has asked for, because they would be ignored silently.
 */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #where: string
  readonly #known = new Set<string>()

  /** `where`: the object's place, such as `messages[0]`; empty for the body itself. Throws for what is not an object. */
  constructor(values: unknown, where = '') {
    if (!isRecord(values)) {
      throw invalidField(
        where,
        `${where === '' ? 'the body' : where} must be an object, not ${describeValue(values)}`,
        'invalid_type',
      )
    }
    this.#values = values
    this.#where = where
  }

  /** The full name of a field: `messages[0].content`. */
  name(field: string): string {
    return this.#where === '' ? field : `${this.#where}.${field}`
  }

  /** A value of any type. */
  any(field: string): unknown {
    this.#known.add(field)
    const value = Object.hasOwn(this.#values, field) ? this.#values[field] : undefined
    return value === null ? undefined : value
  }

  number(field: string, range: NumberRange = {}): number | undefined {
    const value = this.any(field)
    const { whole = false, min = -Infinity, max = Infinity } = range
    if (value === undefined) return undefined
    if (typeof value !== 'number' || !Number.isFinite(value) || (whole && !Number.isInteger(value))) {
      throw this.wrongType(field, whole ? 'a whole number' : 'a number')
    }
    if (value >= min && value <= max) return value
    const limits =
      max === Infinity ? `${min} or more` : min === -Infinity ? `${max} or less` : `${min} to ${max}`
    throw this.invalid(field, `must be ${limits}, not ${value}`)
  }

  boolean(field: string): boolean | undefined {
    const value = this.any(field)
    if (value === undefined || typeof value === 'boolean') return value
    throw this.wrongType(field, 'true or false')
  }

  string(field: string): string | undefined {
    const value = this.any(field)
    if (value === undefined || typeof value === 'string') return value
    throw this.wrongType(field, 'a string')
  }

  oneOf<Name extends string>(field: string, names: readonly Name[]): Name | undefined {
    const value = this.any(field)
    if (value === undefined || names.includes(value as Name)) return value as Name | undefined
    throw this.invalid(field, `must be one of ${names.join(', ')}, not ${describeValue(value)}`)
  }

  array(field: string): readonly unknown[] | undefined {
    const value = this.any(field)
    if (value === undefined || isArray(value)) return value
    throw this.wrongType(field, 'an array')
  }

  object(field: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.any(field)
    if (value === undefined || isRecord(value)) return value
    throw this.wrongType(field, 'an object')
  }

  /** The fields of an object within this one. */
  inner(field: string): Fields | undefined {
    const value = this.any(field)
    return value === undefined ? undefined : new Fields(value, this.name(field))
  }

  /** Fields that change nothing here, such as `user`. */
  ignore(fields: readonly string[]): void {
    for (const field of fields) this.#known.add(field)
  }

  /** Rejects fields that are of the API, but not supported. `reasons`: why, or what to use instead. */
  refuse(reasons: Readonly<Record<string, string>>): void {
    for (const [field, reason] of Object.entries(reasons)) {
      if (this.any(field) === undefined) continue
      throw this.invalid(field, `is not supported: ${reason}`, 'unsupported_parameter')
    }
  }

  /** Throws for a field that is absent. */
  require<T>(field: string, value: T | undefined): T {
    if (value !== undefined) return value
    throw this.invalid(field, 'is required', 'missing_required_parameter')
  }

  /** Throws for a field that nothing has asked for. */
  end({ ignoreUnknown = false }: { readonly ignoreUnknown?: boolean } = {}): void {
    if (ignoreUnknown) return
    for (const [field, value] of Object.entries(this.#values)) {
      if (value === null || this.#known.has(field)) continue
      const meant = nearest(field, this.#known)
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`
      throw invalidField(
        this.name(field).slice(0, MAX_PARAM),
        `there is no field ${describeValue(field)}${this.#where === '' ? '' : ` in ${this.#where}`}${hint}`,
        'unknown_parameter',
      )
    }
  }

  /** An error of a field: `what` follows its name. */
  invalid(field: string, what: string, code?: string): ApiError {
    return invalidField(this.name(field), `${this.name(field)} ${what}`, code)
  }

  wrongType(field: string, expected: string): ApiError {
    return this.invalid(
      field,
      `must be ${expected}, not ${describeValue(this.#values[field])}`,
      'invalid_type',
    )
  }
}

/** Longest name of an unknown field that a response repeats. */
const MAX_PARAM = 100

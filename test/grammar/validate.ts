/** A small JSON Schema validator, written from the specification and not from the code under test. */

type Schema = boolean | Record<string, unknown>

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const TIME = /^(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-](\d\d):(\d\d))$/

function isDate(text: string): boolean {
  const parts = DATE.exec(text)
  if (!parts) return false
  const [year, month, day] = parts.slice(1).map(Number)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

function isTime(text: string): boolean {
  const parts = TIME.exec(text)
  if (!parts) return false
  const [hour, minute, second] = parts.slice(1, 4).map(Number)
  const inDay = (hours: number, minutes: number) => hours < 24 && minutes < 60
  return inDay(hour, minute) && second < 60 && inDay(Number(parts[6] ?? 0), Number(parts[7] ?? 0))
}

const FORMATS: Record<string, (text: string) => boolean> = {
  date: isDate,
  time: isTime,
  'date-time': (text) => isDate(text.slice(0, 10)) && text[10] === 'T' && isTime(text.slice(11)),
  uuid: (text) => /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(text),
  email: (text) => /^[^\s@"()<>,;:\\[\]]+@[a-z\d-]+(\.[a-z\d-]+)+$/i.test(text) && !/\.\.|\.@|^\./.test(text),
}

function typeMatches(type: unknown, value: unknown): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

/** Whether a number is a multiple of a step of up to six decimals. */
function isWhole(value: number, step: number): boolean {
  const quotient = value / step
  return Math.abs(quotient - Math.round(quotient)) < 1e-6 * Math.max(1, Math.abs(quotient) / 1e6)
}

/** Whether `value` is valid by `schema`; references are looked up in `root`. Throws for an unknown keyword. */
export function isValid(schema: Schema, value: unknown, root: Schema = schema): boolean {
  if (typeof schema === 'boolean') return schema
  const isObject = typeMatches('object', value)
  const size = typeof value === 'string' ? Array.from(value).length : 0
  const valid = (other: unknown, each: unknown) => isValid(other as Schema, each, root)
  return Object.entries(schema).every(([keyword, given]) => {
    // biome-ignore lint/suspicious/noExplicitAny: keywords of a schema have every type
    const argument = given as any
    switch (keyword) {
      case 'title':
      case 'description':
      case 'default':
      case '$defs':
        return true
      case '$ref': {
        const path = argument.slice(1).split('/').slice(1)
        // biome-ignore lint/suspicious/noExplicitAny: any part of a schema
        const target = path.reduce((at: any, key: string) => at[key], root)
        return valid(target, value)
      }
      case 'type':
        return [argument].flat().some((type) => typeMatches(type, value))
      case 'enum':
        return argument.some((each: unknown) => equal(each, value))
      case 'const':
        return equal(argument, value)
      case 'minLength':
        return typeof value !== 'string' || size >= argument
      case 'maxLength':
        return typeof value !== 'string' || size <= argument
      case 'pattern':
        return typeof value !== 'string' || new RegExp(argument, 'u').test(value)
      case 'format':
        return typeof value !== 'string' || FORMATS[argument](value)
      case 'minimum':
        return typeof value !== 'number' || value >= argument
      case 'maximum':
        return typeof value !== 'number' || value <= argument
      case 'exclusiveMinimum':
        return typeof value !== 'number' || value > argument
      case 'exclusiveMaximum':
        return typeof value !== 'number' || value < argument
      case 'minItems':
        return !Array.isArray(value) || value.length >= argument
      case 'maxItems':
        return !Array.isArray(value) || value.length <= argument
      case 'prefixItems':
        return (
          !Array.isArray(value) ||
          value.slice(0, argument.length).every((each, i) => valid(argument[i], each))
        )
      case 'items': {
        const prefix = (schema.prefixItems as unknown[] | undefined)?.length ?? 0
        return !Array.isArray(value) || value.slice(prefix).every((each) => valid(argument, each))
      }
      case 'properties':
        return (
          !isObject ||
          Object.entries(value as object).every(
            ([name, each]) => !Object.hasOwn(argument, name) || valid(argument[name], each),
          )
        )
      case 'required':
        return !isObject || argument.every((name: string) => Object.hasOwn(value as object, name))
      case 'additionalProperties':
        return (
          !isObject ||
          Object.entries(value as object).every(
            ([name, each]) =>
              Object.hasOwn(schema.properties ?? {}, name) ||
              Object.keys(schema.patternProperties ?? {}).some((pattern) =>
                new RegExp(pattern, 'u').test(name),
              ) ||
              valid(argument, each),
          )
        )
      case 'patternProperties':
        return (
          !isObject ||
          Object.entries(value as object).every(([name, each]) =>
            Object.entries(argument).every(
              ([pattern, inner]) => !new RegExp(pattern, 'u').test(name) || valid(inner, each),
            ),
          )
        )
      case 'propertyNames':
        return !isObject || Object.keys(value as object).every((name) => valid(argument, name))
      case 'minProperties':
        return !isObject || Object.keys(value as object).length >= argument
      case 'maxProperties':
        return !isObject || Object.keys(value as object).length <= argument
      case 'dependentRequired':
        return (
          !isObject ||
          Object.entries(argument).every(
            ([name, others]) =>
              !Object.hasOwn(value as object, name) ||
              (others as string[]).every((other) => Object.hasOwn(value as object, other)),
          )
        )
      case 'multipleOf':
        return typeof value !== 'number' || isWhole(value, argument)
      case 'uniqueItems':
        return (
          !argument ||
          !Array.isArray(value) ||
          new Set(value.map((each) => JSON.stringify(sorted(each)))).size === value.length
        )
      case 'contains': {
        const count = Array.isArray(value) ? value.filter((each) => valid(argument, each)).length : 0
        const { minContains = 1, maxContains = count } = schema as {
          minContains?: number
          maxContains?: number
        }
        return !Array.isArray(value) || (count >= minContains && count <= maxContains)
      }
      case 'minContains':
      case 'maxContains':
      case 'then':
      case 'else':
        return true
      case 'not':
        return !valid(argument, value)
      case 'if': {
        const branch = valid(argument, value) ? schema.then : schema.else
        return branch === undefined || valid(branch, value)
      }
      case 'allOf':
        return argument.every((each: unknown) => valid(each, value))
      case 'anyOf':
        return argument.some((each: unknown) => valid(each, value))
      case 'oneOf':
        return argument.filter((each: unknown) => valid(each, value)).length === 1
      default:
        throw new Error(`the validator knows no ${keyword}`)
    }
  })
}

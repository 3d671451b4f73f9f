import { isRecord } from '../../checks.js'
import type { CallInProgress } from './call.js'
import { isJsonSpace, JsonScanner, parseLenient, parseStrict, type ScanStatus } from './json-scanner.js'

/** The JSON part of a call, which ends when its object is closed. */
export interface JsonPart {
  readonly status: ScanStatus
  /** Reads text starting at `from`, up to the end of the object or an error, and returns that offset. */
  read(text: string, from: number): number
  /** Closes open brackets if nothing else is missing; otherwise returns false. */
  close(): boolean
  /** Reports the call, once the object is closed. */
  finish(): void
}

/**
 * Reads text of a part that is followed by `closer`, the marker that closes the call; returns how much was read. If the JSON
 * breaks where that marker may begin, and nothing but closing brackets is missing, the part is closed.
 */
export function readUpTo(part: JsonPart, text: string, closer = ''): number {
  const read = part.read(text, 0)
  if (part.status === 'broken' && closer !== '' && text[read] === closer[0]) part.close()
  return read
}

/** The JSON of the arguments of a call whose name is known. */
export class JsonArguments implements JsonPart {
  readonly #call: CallInProgress
  readonly #name: string
  readonly #id: string | undefined
  readonly #scanner = new JsonScanner()
  #body = ''

  constructor(call: CallInProgress, name: string, id?: string) {
    this.#call = call
    this.#name = name
    this.#id = id
    call.begin(name, id)
  }

  get status(): ScanStatus {
    return this.#scanner.status
  }

  read(text: string, from: number): number {
    const end = this.#scanner.read(text, from)
    this.#call.append(text.slice(from, end))
    this.#take()
    return end
  }

  close(): boolean {
    const isClosed = this.#scanner.close()
    if (isClosed) this.#take()
    return isClosed
  }

  /** There is no JSON: the call has no arguments. */
  fillEmpty(): void {
    this.#body = '{}'
  }

  /** Whether only white space has been read. */
  get isEmpty(): boolean {
    return this.#body.trim() === ''
  }

  finish(): void {
    const args = parseStrict(this.#body)
    if (args === undefined) this.#call.fail('invalid-json')
    else this.#call.finish(this.#name, args, this.#id)
  }

  #take(): void {
    const json = this.#scanner.take()
    this.#call.arguments(json)
    this.#body += json
  }
}

/** Keys of a call's object. */
const NAMES = ['name', 'tool_name']
const IDS = ['id', 'tool_call_id']
const ARGUMENTS = ['arguments', 'parameters']
const CALL_KEYS = [...NAMES, ...IDS, ...ARGUMENTS, 'function', 'type']
/** Those of them whose value may be an object. */
const OF_OBJECTS = [...ARGUMENTS, 'function']

/**
 * The JSON of a whole call: `{ "name", "arguments" }`, with `parameters` instead of `arguments` as in Llama's format,
 * `tool_name` instead of `name` as in Cohere's, or in OpenAI's form; in Apertus' format the only key is the name:
 * `{ "name": { … } }`. The arguments may also be a JSON string of an object.
 */
export class JsonCall implements JsonPart {
  readonly #call: CallInProgress
  readonly #isSure: boolean
  readonly #namesAreKeys: boolean
  readonly #scanner = new JsonScanner()
  #body = ''
  /** The key of the current value, on the first level. */
  #key: string | undefined
  #firstKey: string | undefined
  /** The JSON of the current key, or of the name. */
  #word = ''
  #taking: 'key' | 'name' | 'id' | 'arguments' | undefined
  /** The id, if it came before the name. */
  #id: string | undefined
  #isAmbiguous = false
  readonly #seen = new Set<string>()

  /**
   * `isSure`: it is a call or a malformed one. Otherwise reading stops when it turns out to be something else.
   * `namesAreKeys`: whether the only key may be the name, and its value the arguments.
   */
  constructor(call: CallInProgress, { isSure = true, namesAreKeys = false } = {}) {
    this.#call = call
    this.#isSure = isSure
    this.#namesAreKeys = namesAreKeys
  }

  get status(): ScanStatus {
    return this.#scanner.status
  }

  /** Whether the first key shows that the object is not a call. */
  get isNotCall(): boolean {
    return !this.#isSure && this.#firstKey !== undefined && !CALL_KEYS.includes(this.#firstKey)
  }

  read(text: string, from: number): number {
    const scanner = this.#scanner
    let args = ''
    let i = from
    while (i < text.length) {
      const end = scanner.readPlain(text, i)
      if (end > i) {
        const json = scanner.take()
        this.#body += json
        if (this.#isTaking('arguments')) args += json
        else if (this.#taking) this.#word += json
        i = end
        continue
      }
      const unit = text.charCodeAt(i)
      if (this.#isSure && text[i] === '{' && this.#body.trim() === '{') {
        // A doubled brace, as in the examples of some templates.
        i++
        continue
      }
      const { depth, isInString } = scanner
      const isValueNext = depth === 1 && this.#key !== undefined && this.#taking === undefined && !isInString
      if (!scanner.step(unit)) break
      i++
      const json = scanner.take()
      this.#body += json
      if (this.#taking === undefined) {
        if (depth === 1 && scanner.isInKey) this.#taking = 'key'
        else if (isValueNext) this.#beginValue(unit)
        // The value begins with the last unit; a pending comma may precede it.
        if (this.#isTaking('arguments')) args += json.slice(-1)
        else if (this.#taking) this.#word = json.slice(-1)
      } else {
        if (this.#taking === 'arguments') args += json
        else this.#word += json
        if (scanner.depth === 1 && !scanner.isInString) {
          this.#call.arguments(args)
          args = ''
          this.#took()
        }
      }
      if (scanner.status === 'done' || this.isNotCall) break
    }
    this.#call.append(text.slice(from, i))
    this.#call.arguments(args)
    return i
  }

  close(): boolean {
    if (!this.#scanner.close()) return false
    const json = this.#scanner.take()
    this.#body += json
    // The last bracket belongs to the call's object.
    if (this.#taking === 'arguments') this.#call.arguments(json.slice(0, -1))
    this.#taking = undefined
    return true
  }

  finish(): void {
    const object = parseStrict(this.#body)
    if (!isRecord(object)) {
      this.#call.fail('invalid-json')
      return
    }
    const [first] = Object.keys(object)
    if (this.#namesAreKeys && this.#isOnlyKey && this.#mayBeName(first, object[first])) {
      this.#call.finish(first, argumentsOf(object[first]))
      return
    }
    const isOpenAi = isRecord(object.function) && NAMES.every((key) => object[key] === undefined)
    const inner = isOpenAi ? (object.function as Record<string, unknown>) : object
    const given = ARGUMENTS.filter((key) => inner[key] !== undefined)
    if (this.#isAmbiguous || given.length > 1 || (isOpenAi && this.#seen.has('arguments'))) {
      this.#call.fail('not-a-call')
      return
    }
    const id = IDS.map((key) => object[key]).find((value) => typeof value === 'string') as string | undefined
    const name = inner.name ?? inner.tool_name ?? object.function
    this.#call.finish(name, given.length === 0 ? {} : argumentsOf(inner[given[0]]), id)
  }

  #isTaking(what: 'arguments'): boolean {
    return this.#taking === what
  }

  /** Whether the closed object has a name and arguments, which a call without a marker must have. */
  get isCall(): boolean {
    if (this.#seen.has('arguments')) return this.#seen.has('name') || this.#seen.has('function')
    if (!this.#seen.has('function')) return false
    const object = parseStrict(this.#body)
    const inner = isRecord(object) ? object.function : undefined
    return (
      isRecord(inner) && typeof inner.name === 'string' && ARGUMENTS.some((key) => Object.hasOwn(inner, key))
    )
  }

  /** A value of the first level begins with `unit`, unless that is white space or a colon. */
  #beginValue(unit: number): void {
    const character = String.fromCharCode(unit)
    if (isJsonSpace(unit) || character === ':') return
    const key = this.#key as string
    this.#key = undefined
    const isQuoted = character === '"' || character === "'"
    if (NAMES.includes(key) && isQuoted) this.#taking = 'name'
    else if (IDS.includes(key) && isQuoted) this.#taking = 'id'
    else if (ARGUMENTS.includes(key) && character === '{') this.#taking = 'arguments'
    else if (this.#namesAreKeys && character === '{' && this.#isOnlyKey && this.#mayBeName(key, {})) {
      this.#taking = 'arguments'
      this.#call.begin(key)
    }
  }

  /** Whether one key has been read, once. */
  get #isOnlyKey(): boolean {
    return this.#seen.size === 1 && !this.#isAmbiguous
  }

  /** Whether a key may be the name of a tool, by its value. */
  #mayBeName(key: string | undefined, value: unknown): key is string {
    if (key === undefined || OF_OBJECTS.includes(key)) return false
    return typeof value === 'object' || !CALL_KEYS.includes(key)
  }

  #took(): void {
    const taken = this.#taking
    this.#taking = undefined
    if (taken === 'arguments') return
    const word = parseStrict(this.#word)
    this.#word = ''
    if (typeof word !== 'string') return
    if (taken === 'name') {
      this.#call.begin(word, this.#id)
      return
    }
    if (taken === 'id') {
      this.#id ??= word
      return
    }
    this.#key = word
    this.#firstKey ??= word
    const seen = ARGUMENTS.includes(word) ? 'arguments' : NAMES.includes(word) ? 'name' : word
    if ((this.#namesAreKeys || CALL_KEYS.includes(word)) && this.#seen.has(seen)) this.#isAmbiguous = true
    this.#seen.add(seen)
  }
}

/** Arguments as an object: some models write a JSON string, or `null` or an empty string for no arguments. */
function argumentsOf(value: unknown): unknown {
  if (value === null || value === '') return {}
  if (typeof value !== 'string') return value
  const inner = parseLenient(value)
  return isRecord(inner) ? inner : value
}

import { isRecord } from '../plain-data.js'
import type { CallInProgress } from './call.js'
import { isJsonSpace, JsonScanner, type ScanStatus } from './json-scanner.js'

/** The JSON part of a call, which ends where its object is closed. */
export interface JsonPart {
  readonly status: ScanStatus
  /** Takes text from `from` on, up to the end of the object or to what breaks it, and returns where that is. */
  read(text: string, from: number): number
  /** Tells the call, once the object is closed. */
  finish(): void
}

/** JSON that is the arguments of a call whose name is known. */
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
    call.begin(name)
  }

  get status(): ScanStatus {
    return this.#scanner.status
  }

  read(text: string, from: number): number {
    let i = from
    while (i < text.length && this.#scanner.step(text.charCodeAt(i))) i++
    const part = text.slice(from, i)
    this.#call.append(part)
    this.#call.arguments(part)
    this.#body += part
    return i
  }

  finish(): void {
    const args = parse(this.#body)
    if (args === undefined) this.#call.fail('invalid-json')
    else this.#call.finish(this.#name, args, this.#id)
  }
}

/** Keys of a call's object, besides its name. */
const ARGUMENTS = ['arguments', 'parameters']
const CALL_KEYS = ['name', 'function', 'type', 'id', ...ARGUMENTS]

/** JSON of a whole call: `{ "name", "arguments" }`, with `parameters` for `arguments` in Llama's way, or OpenAI's. */
export class JsonCall implements JsonPart {
  readonly #call: CallInProgress
  readonly #isSure: boolean
  readonly #scanner = new JsonScanner()
  #body = ''
  /** The key of the value at hand, on the first level. */
  #key: string | undefined
  #firstKey: string | undefined
  /** The text of that key, or of the name. */
  #word = ''
  #taking: 'key' | 'name' | 'arguments' | undefined
  #isAmbiguous = false
  readonly #seen = new Set<string>()

  /** `isSure`: it is a call or a malformed one. Otherwise reading stops where it turns out to be something else. */
  constructor(call: CallInProgress, isSure = true) {
    this.#call = call
    this.#isSure = isSure
  }

  get status(): ScanStatus {
    return this.#scanner.status
  }

  /** Whether the object has begun as no call does. */
  get isNoCall(): boolean {
    return !this.#isSure && this.#firstKey !== undefined && !CALL_KEYS.includes(this.#firstKey)
  }

  read(text: string, from: number): number {
    const scanner = this.#scanner
    // What is taken begins at `start` of this text, or before it.
    let start = from
    let i = from
    for (; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      const { depth, isInString } = scanner
      const isValueNext = depth === 1 && this.#key !== undefined && this.#taking === undefined && !isInString
      if (!scanner.step(unit)) break
      if (this.#taking === undefined) {
        if (depth === 1 && scanner.isInKey) {
          this.#taking = 'key'
          start = i
        } else if (isValueNext && this.#beginsValue(unit)) start = i
      } else if (scanner.depth === 1 && !scanner.isInString) {
        this.#took(text.slice(start, i + 1))
      }
      if (scanner.status === 'done' || this.isNoCall) {
        i++
        break
      }
    }
    if (this.#taking) this.#takes(text.slice(start, i))
    const part = text.slice(from, i)
    this.#call.append(part)
    this.#body += part
    return i
  }

  finish(): void {
    const object = parse(this.#body)
    if (!isRecord(object)) {
      this.#call.fail('invalid-json')
      return
    }
    const isOpenAi = isRecord(object.function) && object.name === undefined
    const inner = isOpenAi ? (object.function as Record<string, unknown>) : object
    const given = ARGUMENTS.filter((key) => inner[key] !== undefined)
    if (this.#isAmbiguous || given.length > 1 || (isOpenAi && this.#seen.has('arguments'))) {
      this.#call.fail('not-a-call')
      return
    }
    const id = typeof object.id === 'string' ? object.id : undefined
    this.#call.finish(inner.name ?? object.function, given.length === 0 ? {} : inner[given[0]], id)
  }

  /** Whether the object, once closed, says a name and arguments: what a call without a marker must have. */
  get isCall(): boolean {
    const has = (...keys: string[]) => keys.some((key) => this.#seen.has(key))
    return has('name', 'function') && has(...ARGUMENTS)
  }

  /** A value of the first level begins with `unit`, unless that is white space or what ends another value. */
  #beginsValue(unit: number): boolean {
    const character = String.fromCharCode(unit)
    if (isJsonSpace(unit) || character === ':') return false
    const key = this.#key
    this.#key = undefined
    if (key === 'name' && character === '"') this.#taking = 'name'
    else if (ARGUMENTS.includes(key as string) && character === '{') this.#taking = 'arguments'
    return this.#taking !== undefined
  }

  #takes(text: string): void {
    if (this.#taking === 'arguments') this.#call.arguments(text)
    else this.#word += text
  }

  #took(text: string): void {
    this.#takes(text)
    const taken = this.#taking
    this.#taking = undefined
    if (taken === 'arguments') return
    const word = parse(this.#word)
    this.#word = ''
    if (typeof word !== 'string') return
    if (taken === 'name') {
      this.#call.begin(word)
      return
    }
    this.#key = word
    this.#firstKey ??= word
    const seen = ARGUMENTS.includes(word) ? 'arguments' : word
    if (CALL_KEYS.includes(word) && this.#seen.has(seen)) this.#isAmbiguous = true
    this.#seen.add(seen)
  }
}

/** What the JSON says; `undefined` where it is none. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

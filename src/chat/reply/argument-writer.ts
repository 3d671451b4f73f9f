import type { CallInProgress } from './call.js'
import { parseStrict } from './json-scanner.js'
import { jsonText } from './json-text.js'
import { isText, typedValue, type ValueTypes, valueTypes } from './typed-value.js'

/** Writes the arguments of a call, key by key, as the JSON that they mean, and streams it. */
export class ArgumentWriter {
  readonly #call: CallInProgress
  readonly #parameters: Readonly<Record<string, unknown>> | undefined
  #json = '{'
  /** Whether a value has been opened whose text is streamed. */
  #isStreaming = false
  #types: ValueTypes | undefined
  /** A value that is known once it is whole. */
  #value = ''

  /** `parameters`: the tool's schema. */
  constructor(call: CallInProgress, parameters: Readonly<Record<string, unknown>> | undefined) {
    this.#call = call
    this.#parameters = parameters
    call.arguments('{')
  }

  /** Whether the tool has a parameter of this name. */
  isParameter(key: string): boolean {
    const properties = this.#parameters?.properties
    return typeof properties === 'object' && properties !== null && Object.hasOwn(properties, key)
  }

  /** A value begins. `isString`: the model says that it is a text. */
  open(key: string, { isString }: { readonly isString?: boolean } = {}): void {
    this.#types = valueTypes(this.#parameters, key)
    this.#isStreaming = isString ?? isText(this.#types)
    this.#value = ''
    this.openJson(key)
    if (this.#isStreaming) this.#write('"')
  }

  /** A value begins that comes as JSON; see `json`. */
  openJson(key: string): void {
    this.#write(`${this.#json === '{' ? '' : ', '}${JSON.stringify(key)}: `)
  }

  /** More of its text. */
  text(text: string): void {
    if (!this.#isStreaming) this.#value += text
    else if (text !== '') this.#write(jsonText(text))
  }

  /** The value is whole. */
  close(): void {
    this.#write(this.#isStreaming ? '"' : JSON.stringify(typedValue(this.#value, this.#types)))
  }

  /** More of a value that is JSON already. */
  json(json: string): void {
    this.#write(json)
  }

  /** All of them. */
  finish(): unknown {
    this.#write('}')
    return parseStrict(this.#json)
  }

  #write(json: string): void {
    this.#json += json
    this.#call.arguments(json)
  }
}

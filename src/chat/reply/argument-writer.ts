import type { CallInProgress } from './call.js'
import { parseStrict } from './json-scanner.js'
import { jsonText } from './json-text.js'
import { isText, typedValue, type ValueTypes, valueTypes } from './typed-value.js'

/** Converts the arguments of a call to JSON, key by key, and streams it. */
export class ArgumentWriter {
  readonly #call: CallInProgress
  readonly #parameters: Readonly<Record<string, unknown>> | undefined
  #json = '{'
  /** Whether the text of the open value is streamed. */
  #isStreaming = false
  #types: ValueTypes | undefined
  /** The text of a value that can be converted only once it is complete. */
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

  /** A value begins. `isString`: whether it is a string, if the model says so. */
  open(key: string, { isString }: { readonly isString?: boolean } = {}): void {
    this.#types = valueTypes(this.#parameters, key)
    this.#isStreaming = isString ?? isText(this.#types)
    this.#value = ''
    this.openJson(key)
    if (this.#isStreaming) this.#write('"')
  }

  /** A value in JSON begins; see `json`. */
  openJson(key: string): void {
    this.#write(`${this.#json === '{' ? '' : ', '}${JSON.stringify(key)}: `)
  }

  /** More of its text. */
  text(text: string): void {
    if (!this.#isStreaming) this.#value += text
    else if (text !== '') this.#write(jsonText(text))
  }

  /** The value is complete. */
  close(): void {
    this.#write(this.#isStreaming ? '"' : JSON.stringify(typedValue(this.#value, this.#types)))
  }

  /** More of a value in JSON. */
  json(json: string): void {
    this.#write(json)
  }

  /** Returns all arguments. */
  finish(): unknown {
    this.#write('}')
    return parseStrict(this.#json)
  }

  #write(json: string): void {
    this.#json += json
    this.#call.arguments(json)
  }
}

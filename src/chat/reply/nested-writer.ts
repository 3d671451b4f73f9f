import type { CallInProgress } from './call.js'
import { parseStrict } from './json-scanner.js'
import { jsonText } from './json-text.js'
import { isText, memberSchema, schemaTypes, typedValue, type ValueTypes } from './typed-value.js'

interface Element {
  readonly name: string
  readonly schema: unknown
  readonly types: ValueTypes | undefined
  /** `value`: nothing but text has come. `string`: text that is streamed, because the schema allows only strings. */
  kind: 'value' | 'string' | 'array' | 'object'
  /** The text of a value that can be converted only once it is complete, and whether it is more than white space. */
  text: string
  hasText: boolean
  isEmpty: boolean
}

/** The name of an element of a list. */
const ITEM = 'item'

/**
 * Converts arguments written as nested elements to JSON, and streams it. An element with elements in it is a list if they are
 * named `item` or its schema says so, otherwise an object; any other one is a value, whose type the schema determines.
 */
export class NestedWriter {
  readonly #call: CallInProgress
  readonly #root: Record<string, unknown>
  readonly #open: Element[]
  #json = ''

  /** `parameters`: the tool's schema. */
  constructor(call: CallInProgress, parameters: Readonly<Record<string, unknown>> | undefined) {
    this.#call = call
    this.#root = parameters ?? {}
    this.#open = [
      {
        name: '',
        schema: this.#root,
        types: undefined,
        kind: 'object',
        text: '',
        hasText: false,
        isEmpty: true,
      },
    ]
    this.#write('{')
  }

  /** Number of open elements. */
  get depth(): number {
    return this.#open.length - 1
  }

  /** The name of the innermost open element; '' for the arguments themselves. */
  get name(): string {
    return this.#last.name
  }

  /** Whether text may follow: a value is open. */
  get takesText(): boolean {
    return this.#last.kind === 'value' || this.#last.kind === 'string'
  }

  /** Opens an element; false if the open one can only be text. */
  open(name: string): boolean {
    const parent = this.#last
    if (parent.kind === 'string' || (parent.kind === 'value' && parent.hasText)) return false
    if (parent.kind === 'value') {
      const mayBe = (type: string) => parent.types === undefined || parent.types.types.has(type)
      const isArray = (name === ITEM && mayBe('array')) || !mayBe('object')
      parent.kind = isArray ? 'array' : 'object'
      this.#write(isArray ? '[' : '{')
    }
    const isInArray = parent.kind === 'array'
    const schema = memberSchema(parent.schema, this.#root, isInArray ? undefined : name)
    const types = schemaTypes(schema, this.#root)
    this.#write(`${parent.isEmpty ? '' : ', '}${isInArray ? '' : `${JSON.stringify(name)}: `}`)
    parent.isEmpty = false
    const kind = isText(types) ? 'string' : 'value'
    this.#open.push({ name, schema, types, kind, text: '', hasText: false, isEmpty: true })
    if (kind === 'string') this.#write('"')
    return true
  }

  /** More text of the open value. */
  text(text: string): void {
    const last = this.#last
    if (last.kind === 'string') this.#write(jsonText(text))
    else {
      last.text += text
      last.hasText ||= text.trim() !== ''
    }
  }

  /** Closes the innermost element. */
  close(): void {
    const { kind, text, types } = this.#open.pop() as Element
    if (kind === 'value') this.#write(JSON.stringify(leafValue(text, types)))
    else this.#write(kind === 'string' ? '"' : kind === 'array' ? ']' : '}')
  }

  /** Returns all arguments. */
  finish(): unknown {
    this.#write('}')
    return parseStrict(this.#json)
  }

  get #last(): Element {
    return this.#open[this.#open.length - 1]
  }

  #write(json: string): void {
    if (json === '') return
    this.#json += json
    this.#call.arguments(json)
  }
}

/** An element without text may also be an empty list or object. */
function leafValue(text: string, types: ValueTypes | undefined): unknown {
  if (text.trim() === '' && types && !types.types.has('string')) {
    if (types.types.has('array')) return []
    if (types.types.has('object')) return {}
  }
  return typedValue(text, types)
}

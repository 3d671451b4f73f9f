import { CallInProgress, type Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import type { Emit, MalformedReason } from '../events.js'
import { JsonCall } from '../json-call.js'
import { isJsonSpace, leadingSpace } from '../json-scanner.js'
import { type CallReader, type ContentHost, NO_MARKERS } from '../machine.js'

const PYTHON_TAG = '<|python_tag|>'
const MARKERS = [PYTHON_TAG]

/** Llama 3's tool calls. */
export const LLAMA_JSON: ToolDialect<'llama-json'> = {
  name: 'llama-json',
  opens: MARKERS,
  isBare: true,
  syntax: { kind: 'json', open: '', separator: ';', keys: ['name', 'parameters'] },
  detect: (template) => /<\|python_tag\|>|"parameters": |\bipython\b/.test(template),
  reader: (calls, marker, content) => new LlamaJsonReader(calls, marker, content),
}

/**
 * Reads Llama 3's tool calls: `{"name": …, "parameters": {…}}` at the beginning of the reply or after `<|python_tag|>`; the
 * next one may follow after `;`. Models also write a list of them, or OpenAI's objects. Without the marker, other JSON is
 * content.
 */
class LlamaJsonReader implements CallReader {
  isOver = false
  readonly #calls: Calls
  readonly #content: ContentHost
  readonly #emit: Emit
  #isMarked: boolean
  #call: CallInProgress
  #json: JsonCall
  #state: 'head' | 'json' | 'between' | 'broken' = 'head'
  /** Whether the bracket of a list is open. */
  #isList = false
  /** The text after a call, which is framing if another one follows. */
  #separator = ''

  /** `marker`: '' if the call has none. */
  constructor(calls: Calls, marker: string, content: ContentHost) {
    this.#calls = calls
    this.#content = content
    this.#isMarked = marker !== ''
    let isSettled = this.#isMarked
    this.#emit = (event) => {
      if (!isSettled) content.close()
      isSettled = true
      calls.emit(event)
    }
    this.#call = this.#newCall(marker)
    this.#json = new JsonCall(this.#call, { isSure: this.#isMarked })
  }

  get markers(): readonly string[] {
    return this.#state === 'json' ? NO_MARKERS : MARKERS
  }

  text(text: string): number {
    switch (this.#state) {
      case 'json':
        return this.#readJson(text)
      case 'between':
        return this.#readSeparator(text)
      case 'broken':
        this.#call.append(text)
        if (this.#call.isTooLong) this.#fail('too-long')
        return text.length
      default:
        return this.#readHead(text)
    }
  }

  marker(marker: string): boolean {
    if (marker !== PYTHON_TAG) return false
    this.end('', 'invalid-json')
    return false
  }

  end(rest: string, otherwise: MalformedReason = 'incomplete'): void {
    if (this.#state === 'between') {
      this.isOver = true
      if (rest !== '') this.#content.push(this.#separator + rest)
      else this.#endSeparator()
      return
    }
    this.#call.append(rest)
    this.#fail(this.#state === 'broken' ? 'invalid-json' : otherwise)
  }

  #newCall(raw: string): CallInProgress {
    return new CallInProgress(this.#calls, raw, this.#emit)
  }

  #readHead(text: string): number {
    const spaces = leadingSpace(text)
    this.#call.append(text.slice(0, spaces))
    if (spaces === text.length) return spaces
    if (text[spaces] === '[' && !this.#isList) {
      this.#isList = true
      this.#call.append('[')
      return spaces + 1
    }
    if (text[spaces] === '{') this.#state = 'json'
    else this.#break()
    return spaces
  }

  #readJson(text: string): number {
    const read = this.#json.read(text, 0)
    const { status } = this.#json
    if (this.#call.isTooLong) this.#fail('too-long')
    else if (status === 'broken' || this.#json.isNotCall) this.#break()
    else if (status === 'done') this.#close()
    return read
  }

  #close(): void {
    if (this.#isMarked || this.#json.isCall) {
      this.#json.finish()
      this.#state = 'between'
      this.#separator = ''
    } else this.#fail('not-a-call')
  }

  /** With a marker, everything that follows belongs to the malformed call. */
  #break(): void {
    if (this.#isMarked || this.#call.hasBegun) this.#state = 'broken'
    else this.#fail('invalid-json')
  }

  #readSeparator(text: string): number {
    let i = 0
    while (i < text.length && (isJsonSpace(text.charCodeAt(i)) || text[i] === ';' || text[i] === '}')) i++
    this.#separator += text.slice(0, i)
    if (i === text.length) return i
    const next = text[i]
    if (this.#isList && (next === ',' || next === ']')) {
      this.#separator += next
      if (next === ']') {
        this.#isList = false
        this.#endSeparator()
      }
      return i + 1
    }
    if (next === '{' && /[,;]/.test(this.#separator)) {
      this.#endSeparator()
      this.#call = this.#newCall('')
      this.#isMarked = false
      this.#json = new JsonCall(this.#call, { isSure: false })
      this.#state = 'json'
    } else {
      this.isOver = true
      this.#content.push(this.#separator)
    }
    return i
  }

  #endSeparator(): void {
    if (this.#separator !== '') this.#emit({ type: 'framing', text: this.#separator })
    this.#separator = ''
  }

  #fail(reason: MalformedReason): void {
    this.isOver = true
    if (this.#isMarked || this.#call.hasBegun) this.#call.fail(reason)
    else this.#content.push(this.#call.raw)
  }
}

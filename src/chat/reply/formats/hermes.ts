import type { Calls } from '../call.js'
import { JsonCall } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { NO_MARKERS } from '../machine.js'
import { MarkedCallReader } from './marked-call.js'

const OPEN = '<tool_call>'
const CLOSE = '</tool_call>'
const MARKERS = [OPEN, CLOSE]

export const HERMES_OPENS: readonly string[] = [OPEN]

/**
 * Hermes' tool calls, which Qwen took over: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`. Within the JSON no
 * marker counts, for it may be part of a text; in what is no JSON each one does.
 */
export class HermesReader extends MarkedCallReader<'json'> {
  readonly #json = new JsonCall(this.call)

  constructor(calls: Calls) {
    super(calls, OPEN, CLOSE)
  }

  get markers(): readonly string[] {
    return this.place === 'json' ? NO_MARKERS : MARKERS
  }

  protected read(text: string): number {
    if (this.place === 'broken') {
      this.call.append(text)
      return text.length
    }
    if (this.place === 'json') {
      const read = this.#json.read(text, 0)
      if (this.#json.status !== 'open') this.place = this.#json.status === 'done' ? 'tail' : 'broken'
      return read
    }
    const spaces = leadingSpace(text)
    if (spaces < text.length) this.place = this.place === 'head' && text[spaces] === '{' ? 'json' : 'broken'
    this.call.append(text.slice(0, spaces))
    return spaces
  }

  protected finish(): void {
    this.#json.finish()
  }
}

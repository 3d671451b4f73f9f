import type { Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import { JsonArguments } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { type ContentHost, NO_MARKERS } from '../machine.js'
import type { SectionedFormat } from '../sections.js'
import { CallsReader } from './calls-reader.js'

const OPEN = '>>>'
const OPENS = [OPEN]
const NAME = /^[\w.-]+$/

/**
 * Functionary 3.2's replies: sections for a recipient, `all` for content or a tool with its arguments as JSON:
 * `>>>all\ncontent>>>name\n{…}`. The prompt ends with the first `>>>`.
 */
export const FUNCTIONARY: SectionedFormat<'functionary'> = {
  name: 'functionary',
  detect: (template) => template.includes('>>>all'),
  sections: {
    opens: OPENS,
    ends: ['\n'],
    closes: NO_MARKERS,
    beginsInHeader: true,
    mayBegin: (text) => NAME.test(text),
    route: ({ text, end }, calls) => {
      if (text === 'all') return 'content'
      const mayCall = end === '' ? calls.tools?.has(text) === true : calls.isEnabled && NAME.test(text)
      if (!mayCall) return undefined
      return (raw, content) => new FunctionaryReader(calls, content, raw, text)
    },
  },
}

/** Reads the arguments of a call of `name`. Anything else after a name that is not a tool's is content. */
class FunctionaryReader extends CallsReader<'json'> {
  readonly #name: string
  #json: JsonArguments | undefined

  constructor(calls: Calls, content: ContentHost, raw: string, name: string) {
    super(calls, content, raw)
    this.#name = name
  }

  protected get ownMarkers(): readonly string[] {
    return this.state === 'json' ? NO_MARKERS : OPENS
  }

  protected takeMarker(marker: string): boolean {
    if (marker === OPEN) this.endWith('', 'invalid-json')
    return false
  }

  protected override endWith(rest: string, otherwise: MalformedReason): void {
    if (this.state === 'head' && !this.#isTool) this.#isContent()
    super.endWith(rest, otherwise)
  }

  /** A call is reported when its JSON ends; before that it is complete only if it has no arguments. */
  protected reportWhole(): boolean {
    if (this.state !== 'head' || this.calls.isCut) return false
    this.call.finish(this.#name, {})
    return true
  }

  protected read(text: string): number {
    if (this.state === 'json') return this.#readJson(text)
    const spaces = leadingSpace(text)
    this.call.append(text.slice(0, spaces))
    if (spaces === text.length) return spaces
    if (text[spaces] === '{') {
      this.#json = new JsonArguments(this.call, this.#name)
      this.state = 'json'
    } else if (this.#isTool) this.state = 'broken'
    else this.#isContent()
    return spaces
  }

  /** Whether the name is that of a given tool. */
  get #isTool(): boolean {
    return this.calls.tools?.has(this.#name) === true
  }

  #isContent(): void {
    this.content.push(this.call.raw)
    this.state = 'content'
    this.isOver = true
  }

  #readJson(text: string): number {
    const json = this.#json as JsonArguments
    const read = json.read(text, 0)
    if (json.status === 'broken') this.state = 'broken'
    else if (json.status === 'done') {
      json.finish()
      this.state = 'content'
      this.isOver = true
    }
    return read
  }
}

import { controlBytes } from '../../grammar/control-bytes.js'
import { choice, EMPTY, type Node, repeat, sequence, set, text, token } from '../../grammar/grammar.js'
import { COMMA, SPACE } from '../../grammar/schema/json-text.js'
import type { TokenId } from '../../tokenizer/tokenizer.js'
import { MAX_CALLS } from '../reply/limits.js'

/** A tool, as the grammar of a dialect needs it. */
export interface CallTool {
  readonly name: string
  /** Its arguments as a JSON object. */
  readonly json: Node
  /** Its arguments one by one; `undefined` if the dialect cannot write them so: then they are JSON. */
  readonly members: readonly CallArgument[] | undefined
}

/** An argument outside of JSON. */
export interface CallArgument {
  readonly name: string
  readonly isRequired: boolean
  /** Whether the value is a string without quotes. Otherwise it is JSON. */
  readonly isText: boolean
  readonly value: Node
}

/** The vocabulary's control tokens by name, and those of them that end a generation. */
export interface Controls {
  readonly ids: ReadonlyMap<string, TokenId>
  readonly ends: ReadonlySet<TokenId>
}

/** What the grammars of all dialects are written with. */
export class CallWriter {
  readonly tools: readonly CallTool[]
  /** How many calls a reply may have. */
  readonly most: number
  readonly #controls: Controls

  constructor(tools: readonly CallTool[], controls: Controls, { isSingle }: { readonly isSingle: boolean }) {
    this.tools = tools
    this.#controls = controls
    this.most = isSingle ? 1 : MAX_CALLS
  }

  /** Whether a marker is a control token. */
  isControl(marker: string): boolean {
    return this.#controls.ids.has(marker)
  }

  /** Text with markers; those that are control tokens come as such. One that ends the generation may be left out. */
  marked(written: string): Node {
    return sequence(
      pieces(written, this.#controls).map((piece) => {
        if (typeof piece === 'string') return text(piece)
        return this.#controls.ends.has(piece) ? EMPTY : token(piece)
      }),
    )
  }

  /** One call of any tool. */
  oneOf(call: (tool: CallTool) => Node): Node {
    return choice(this.tools.map(call))
  }

  /** One call or several, as many as a reply may have. */
  several(call: Node, separator: Node): Node {
    return sequence([call, repeat(sequence([separator, call]), 0, this.most - 1)])
  }

  /** `{"name": …, "arguments": …}`. */
  jsonCall([nameKey, argumentsKey]: readonly [string, string], idKey?: string): Node {
    const key = (name: string) => sequence([text(`${JSON.stringify(name)}:`), SPACE])
    const id = idKey === undefined ? EMPTY : repeat(sequence([key(idKey), jsonId(), COMMA]), 0, 1)
    const call = this.oneOf(({ name, json }) => {
      const quoted = JSON.stringify(name)
      if (nameKey === '') return sequence([text(`${quoted}:`), SPACE, json])
      return sequence([text(quoted), COMMA, key(argumentsKey), json])
    })
    return sequence([text('{'), SPACE, id, nameKey === '' ? EMPTY : key(nameKey), call, SPACE, text('}')])
  }
}

/** A text with markers as the bytes that a matcher reads. */
export function markedBytes(written: string, controls: Controls): Uint8Array {
  const encoder = new TextEncoder()
  return Uint8Array.from(
    pieces(written, controls).flatMap((piece) => {
      if (typeof piece === 'string') return [...encoder.encode(piece)]
      return controls.ends.has(piece) ? [] : [...controlBytes(piece)]
    }),
  )
}

/** Text and control tokens, in order. */
function pieces(written: string, { ids }: Controls): (string | TokenId)[] {
  const found: (string | TokenId)[] = []
  const names = [...ids.keys()].filter((name) => name !== '' && written.includes(name))
  for (let rest = written; rest !== ''; ) {
    const [first] = names
      .map((name) => ({ name, at: rest.indexOf(name) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at || b.name.length - a.name.length)
    if (!first) return [...found, rest]
    if (first.at > 0) found.push(rest.slice(0, first.at))
    found.push(ids.get(first.name)!)
    rest = rest.slice(first.at + first.name.length)
  }
  return found
}

/** The value of an attribute, whose quotes and ampersands are escaped. */
export function quotedAttribute(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}

/** An id of letters and digits. */
export function plainId(min: number, max: number): Node {
  const ranges = [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x61, 0x7a],
  ] as const
  return repeat(set(ranges), min, max)
}

function jsonId(): Node {
  return sequence([text('"'), plainId(1, 24), text('"')])
}

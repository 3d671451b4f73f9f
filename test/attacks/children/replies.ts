/** Hostile replies in one format: each must be parsed in time linear in its length, without loss. */
import type { ReplyPart } from '../../../src/chat/reply/events.js'
import { type ReplyFormatOverrides, replyFormat } from '../../../src/chat/reply/format.js'
import { FramedParser } from '../../../src/chat/reply/parser.js'
import { attackInput, report } from '../support/attempt.js'

interface Input {
  readonly format: ReplyFormatOverrides
  /** Each is followed by a filler until the reply is long enough. */
  readonly heads: readonly string[]
  readonly fillers: readonly string[]
  readonly length: number
}

const { format, heads, fillers, length } = attackInput<Input>()
/** About as long as a token: repeated scanning with each piece shows as quadratic time. */
const PIECE = 3

function textOf(parts: readonly ReplyPart[]): string {
  return parts
    .map((part) => {
      if (part.type === 'tool-call') return part.call.raw
      return 'text' in part && part.type !== 'separator' ? part.text : ''
    })
    .join('')
}

for (const head of heads) {
  for (const filler of fillers) {
    const text = head + filler.repeat(Math.ceil((length - head.length) / filler.length))
    const parser = new FramedParser(replyFormat(format), {})
    const parts: ReplyPart[] = []
    for (let at = 0; at < text.length; at += PIECE) {
      for (const part of parser.push(text.slice(at, at + PIECE))) parts.push(part)
    }
    for (const part of parser.end('stop')) parts.push(part)
    const isWhole = textOf(parts) === text
    report(
      isWhole,
      isWhole ? undefined : `${JSON.stringify(head)} and ${JSON.stringify(filler)}: text was lost`,
    )
  }
}

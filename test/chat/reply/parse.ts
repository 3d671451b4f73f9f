import type { ReplyEvent, ReplyPart } from '../../../src/chat/reply/events.js'
import type { ReplyFormat } from '../../../src/chat/reply/format.js'
import { FramedParser, type ReplyParserOptions } from '../../../src/chat/reply/parser.js'

export type Part = ReplyPart

/** All parts of a reply that is pushed in these pieces. */
export function partsOf(
  format: ReplyFormat,
  pieces: readonly string[],
  options: ReplyParserOptions = {},
): Part[] {
  const parser = new FramedParser(format, options)
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end('stop')]
}

/** Events without framing; adjacent ones of the same type are merged. */
export function eventsOf(
  format: ReplyFormat,
  pieces: readonly string[],
  options: ReplyParserOptions = {},
): ReplyEvent[] {
  return joined(partsOf(format, pieces, options))
}

export function joined(parts: readonly Part[]): ReplyEvent[] {
  const events: ReplyEvent[] = []
  for (const given of parts) {
    const last = events.at(-1)
    const part = given.type === 'separator' ? ({ type: given.of, text: given.text } as const) : given
    if (part.type === 'framing') continue
    if (last?.type === part.type && 'text' in part && 'text' in last && part.type !== 'malformed-tool-call')
      events[events.length - 1] = { ...last, text: last.text + part.text } as ReplyEvent
    else if (last?.type === 'tool-call-delta' && part.type === 'tool-call-delta')
      events[events.length - 1] = { ...last, argumentsText: last.argumentsText + part.argumentsText }
    else events.push(part)
  }
  return events
}

/** The text of the reply from its parts: with framing and raw calls, without separators. */
export function textOf(parts: readonly Part[]): string {
  return parts
    .filter(({ type }) => type !== 'separator')
    .map((part) => ('text' in part ? part.text : part.type === 'tool-call' ? part.call.raw : ''))
    .join('')
}

/** A compact form of a reply: reasoning `~…~`, content unchanged, calls `«name arguments»`, malformed ones `!reason[text]`. */
export function summarize(events: readonly ReplyEvent[]): string {
  return events
    .map((event) => {
      switch (event.type) {
        case 'reasoning':
          return `~${event.text}~`
        case 'content':
          return event.text
        case 'tool-call':
          return `«${event.call.name} ${JSON.stringify(event.call.arguments)}»`
        case 'malformed-tool-call':
          return `!${event.reason}[${event.text}]`
        default:
          return ''
      }
    })
    .join('')
}

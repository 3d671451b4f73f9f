import type { CallPart, ReplyPart } from '../../src/server/service/replies.js'
import type { RandomBits } from '../support/random-model/random-bits.js'

/** What a reply consists of, in order. */
export type Said = readonly [kind: 'reasoning' | 'content' | 'call', text: string]

/** A reply in random parts, and what it consists of. */
export interface RandomReply {
  readonly parts: readonly ReplyPart[]
  readonly said: readonly Said[]
}

/**
 * Thoughts, texts and calls in any order, in pieces. Some calls have no last piece, as malformed ones; a piece that comes when
 * something else has begun is lost.
 */
export function randomReply(bits: RandomBits): RandomReply {
  const below = (limit: number) => bits.next() % limit
  const said: Said[] = []
  const parts: ReplyPart[] = [part({ isFirst: true })]
  let calls = 0
  let unfinished: number | undefined
  for (let i = below(7); i > 0; i--) {
    const kind = (['reasoning', 'content', 'call'] as const)[below(3)]
    const words = Array.from({ length: 1 + below(4) }, (_, n) => `${kind}${i}.${n} é\n`)
    const text = kind === 'call' ? JSON.stringify({ words }) : words.join('')
    const pieces = kind === 'call' ? (text.match(/.{1,9}/gs) ?? []) : words
    if (kind === 'call') {
      const isWhole = below(4) > 0
      const [first, ...others] = callPieces(calls, pieces, isWhole)
      const late =
        unfinished === undefined ? [] : [{ index: unfinished, argumentsText: 'late', isLast: false }]
      parts.push(...[first, ...late, ...others].map((call) => part({ calls: [call] })))
      if (!isWhole) unfinished = calls
      calls++
      said.push([kind, text])
      continue
    }
    parts.push(...pieces.map((piece) => part({ [kind]: piece })))
    const last = said.at(-1)
    if (last?.[0] === kind) said[said.length - 1] = [kind, last[1] + text]
    else said.push([kind, text])
  }
  parts.push(part({ finish: 'stop' }))
  return { parts: below(2) === 0 ? parts : inPairs(parts), said }
}

function callPieces(index: number, pieces: readonly string[], isWhole: boolean): CallPart[] {
  return pieces.map((argumentsText, i) => ({
    index,
    ...(i === 0 && { begins: { id: `call${index}`, name: `tool${index}` } }),
    argumentsText,
    isLast: isWhole && i === pieces.length - 1,
  }))
}

function part(more: Partial<ReplyPart>): ReplyPart {
  return { index: 0, reasoning: '', content: '', calls: [], tokens: [], isFirst: false, ...more }
}

/** Joins neighbours whose order is then the same. */
function inPairs(parts: readonly ReplyPart[]): ReplyPart[] {
  const joined: ReplyPart[] = []
  for (const next of parts) {
    const before = joined.at(-1)
    const isInOrder = before && orderOf(before) < orderOf(next) && !before.finish
    if (!isInOrder) joined.push(next)
    else {
      joined[joined.length - 1] = {
        ...next,
        reasoning: before.reasoning + next.reasoning,
        content: before.content + next.content,
        calls: [...before.calls, ...next.calls],
        isFirst: before.isFirst,
      }
    }
  }
  return joined
}

/** The latest kind in a part: reasoning comes before content, and both before calls. */
function orderOf({ reasoning, content, calls }: ReplyPart): number {
  return calls.length > 0 ? 3 : content !== '' ? 2 : reasoning !== '' ? 1 : 0
}

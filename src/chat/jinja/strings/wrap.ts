import type { Budget } from '../budget.js'
import { templateFailed } from '../failures.js'
import type { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'
import { unitsAt } from '../unicode.js'
import { lines } from './split.js'

interface Breaks {
  /** Whether words longer than a line are broken. */
  readonly longWords: boolean
  /** Whether lines may be broken after hyphens. */
  readonly atHyphens: boolean
}

/** A part of a line that is not broken, or white space. */
interface Chunk {
  start: number
  end: number
  /** In characters. */
  length: number
  readonly isBlank: boolean
}

/** Wraps each line of a text at `width` characters, as Python's `textwrap` does. */
export function wrapped(text: Text, width: number, between: Text, breaks: Breaks, budget: Budget): Text {
  if (width <= 0) throw templateFailed(`wordwrap: width must be positive, not ${width}`)
  const out = new TextBuilder(budget)
  for (const [i, line] of (lines(text, budget).items as readonly Text[]).entries()) {
    if (i > 0) out.add(between)
    for (const [k, [start, end]] of new LineWrapper(line.text, width, breaks, budget).lines().entries()) {
      if (k > 0) out.add(between)
      budget.piece(line.runs.length)
      out.add(line.slice(start, end))
    }
  }
  return out.text()
}

const SPACES = '[\\t\\n\\v\\f\\r ]'
const LETTER = '[\\p{L}_]'
const WORD = '[\\p{L}\\p{N}_]'
const WORD_OR_MARK = `[\\p{L}\\p{N}_!"'&.,?]`

/** Lines may be broken at white space, around dashes between words, and after hyphens within words. */
const CHUNKS = new RegExp(
  `${SPACES}+|(?<=${WORD_OR_MARK})-{2,}(?=${WORD})|[^\\t\\n\\v\\f\\r ]+?(?:-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${WORD_OR_MARK}-))(?=${LETTER}-?${LETTER})|(?=${SPACES}|$)|(?<=${WORD_OR_MARK})(?=-{2,}${WORD}))`,
  'gu',
)
const WORDS = new RegExp(`${SPACES}+|[^\\t\\n\\v\\f\\r ]+`, 'gu')

class LineWrapper {
  readonly #line: string
  readonly #width: number
  readonly #breaks: Breaks
  readonly #chunks: Chunk[]

  constructor(line: string, width: number, breaks: Breaks, budget: Budget) {
    this.#line = line
    this.#width = width
    this.#breaks = breaks
    budget.items(line.length)
    this.#chunks = Array.from(line.matchAll(breaks.atHyphens ? CHUNKS : WORDS), ({ 0: chunk, index }) => {
      budget.allocate(64)
      return {
        start: index,
        end: index + chunk.length,
        length: countOf(chunk),
        // biome-ignore lint/suspicious/noControlCharactersInRegex: as in `str.strip`
        isBlank: /^[\s\x1c-\x1f\x85]+$/.test(chunk),
      }
    })
  }

  /** The offsets of the wrapped lines. */
  lines(): [start: number, end: number][] {
    const lines: [number, number][] = []
    let at = 0
    while (at < this.#chunks.length) {
      if (lines.length > 0 && this.#chunks[at].isBlank) at++
      if (at === this.#chunks.length) break
      const first = at
      const { start } = this.#chunks[first]
      let { start: end } = this.#chunks[first]
      let length = 0
      while (at < this.#chunks.length && length + this.#chunks[at].length <= this.#width) {
        length += this.#chunks[at].length
        end = this.#chunks[at].end
        at++
      }
      let last: Chunk | undefined = at > first ? this.#chunks[at - 1] : undefined
      const next = this.#chunks[at]
      if (next && next.length > this.#width) {
        const left = this.#width - length
        if (this.#breaks.longWords) {
          end = this.#cut(next, left)
          // If nothing of it fits, the white space before it stays, as in Python.
          last = end > next.start ? { ...next, end } : undefined
          next.start = end
        } else if (at === first) {
          end = next.end
          last = next
          at++
        }
      }
      if (last?.isBlank) end = last.start
      if (end > start) lines.push([start, end])
    }
    return lines
  }

  /** Cuts `left` characters off a chunk, or fewer to break after a hyphen; returns where they end. */
  #cut(chunk: Chunk, left: number): number {
    let end = chunk.start
    let count = 0
    let afterHyphen: { end: number; count: number } | undefined
    let hasOther = false
    while (count < left) {
      const isHyphen = this.#line[end] === '-'
      if (isHyphen && count > 0 && hasOther) afterHyphen = { end: end + 1, count: count + 1 }
      if (!isHyphen) hasOther = true
      end += unitsAt(this.#line, end)
      count++
    }
    const taken = this.#breaks.atHyphens && afterHyphen ? afterHyphen : { end, count }
    chunk.length -= taken.count
    return taken.end
  }
}

function countOf(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at += unitsAt(text, at)) count++
  return count
}

import type { TextSegment, TokenId } from './tokenizer.js'

/** Prevents untrusted text from becoming forbidden tokens. */
export interface Guard {
  readonly forbids: (id: TokenId) => boolean
  /** Whether `ids` from index `from` on, the tokens of the text in [start, end), contain a forbidden token. */
  isBroken(ids: readonly TokenId[], from: number, start: number, end: number): boolean
}

/** Appends the ids of a text of `length` code units with `encode`, and again without forbidden tokens if the guard is broken. */
export function encodeGuarded(
  ids: TokenId[],
  length: number,
  guard: Guard | undefined,
  encode: (forbids?: Guard['forbids']) => void,
): void {
  const before = ids.length
  encode()
  if (!guard?.isBroken(ids, before, 0, length)) return
  ids.length = before
  encode(guard.forbids)
}

/** A range of text that is either already tokenized or not. */
export interface Stretch {
  readonly start: number
  readonly end: number
  /** The known ids, or `undefined`. */
  readonly ids: readonly TokenId[] | undefined
}

/** Several segments as one text. */
export class JoinedText {
  /** Well-formed: lone surrogates are U+FFFD. */
  readonly text: string
  readonly stretches: readonly Stretch[]
  /** Starts and ends of untrusted text, alternating. */
  readonly #borders: readonly number[]

  constructor(segments: readonly TextSegment[]) {
    const borders: number[] = []
    const stretches: Stretch[] = []
    let at = 0
    for (const { text, trusted, ids } of segments) {
      const start = at
      at += text.length
      if (!trusted && at > start) {
        if (borders[borders.length - 1] === start) borders.pop()
        else borders.push(start)
        borders.push(at)
      }
      const last = stretches[stretches.length - 1]
      if (ids || !last || last.ids) stretches.push({ start, end: at, ids })
      else stretches[stretches.length - 1] = { ...last, end: at }
    }
    this.text = segments
      .map((segment) => segment.text)
      .join('')
      .replace(/[\ud800-\udfff]/gu, '\ufffd')
    this.stretches = stretches
    this.#borders = borders
  }

  isTrusted(start: number, end: number): boolean {
    return start === end ? this.#passed(start) % 2 === 0 : this.trustedEnd(start) >= end
  }

  /** The end of the trusted text that contains `position`; `position` itself in untrusted text. */
  trustedEnd(position: number): number {
    const passed = this.#passed(position)
    return passed % 2 === 0 ? (this.#borders[passed] ?? this.text.length) : position
  }

  /** Number of borders at or before a position. */
  #passed(position: number): number {
    return upperBound(this.#borders, position)
  }
}

/** How many of these ascending numbers are at most `value`. */
function upperBound(numbers: readonly number[], value: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle] <= value) low = middle + 1
    else high = middle
  }
  return low
}

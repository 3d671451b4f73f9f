import type { CompiledGrammar } from '../../src/grammar/compiled-grammar.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'

/** Numbers from 0 to 1: mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const CLOSING = ['"', '}', ']', '0', ',']

/**
 * A text of random allowed tokens; every fifth token closes something if possible.
 * `undefined` if it did not end. Throws if no token is allowed.
 */
export function randomText(
  tokenizer: Tokenizer,
  grammar: CompiledGrammar,
  random: () => number,
  most = 300,
): string | undefined {
  const matcher = grammar.matcher()
  const bytes: number[] = []
  const closing = CLOSING.map((text) => tokenizer.encode(text, { addSpecial: false }))
    .filter((ids) => ids.length === 1)
    .map(([id]) => id)
  for (let step = 0; step < most; step++) {
    if (matcher.isComplete && (matcher.isExhausted || random() < 0.5)) {
      return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes))
    }
    const mask = matcher.mask()
    const isAllowed = (id: number) => ((mask[id >>> 5] >>> (id & 31)) & 1) === 1
    const allowed: number[] = []
    for (let id = 0; id < tokenizer.vocabSize; id++) {
      if (isAllowed(id) && !tokenizer.endOfGeneration.has(id)) allowed.push(id)
    }
    if (allowed.length === 0) {
      throw new Error(
        `nothing may follow ${JSON.stringify(new TextDecoder().decode(Uint8Array.from(bytes)))}`,
      )
    }
    const ends = closing.filter(isAllowed)
    const from = ends.length > 0 && random() < 0.2 ? ends : allowed
    const id = from[Math.floor(random() * from.length)]
    matcher.accept(id)
    bytes.push(...tokenizer.pieceBytes(id))
  }
  return undefined
}

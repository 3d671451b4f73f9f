import type { Fragment } from '../../src/tokenizer/partition.js'
import type { SpecialToken } from '../../src/tokenizer/tokenizer.js'

/**
 * llama.cpp's way to find special tokens, token by token (`tokenizer_st_partition`): slow and simple.
 * `tokens` come in their order: those of most bytes first.
 */
export function splitSlowly(
  text: string,
  tokens: readonly SpecialToken[],
  counts: (token: SpecialToken, start: number, end: number) => boolean,
  stripsRight: (text: string) => boolean,
): Fragment[] {
  let fragments: Fragment[] = text === '' ? [] : [{ start: 0, end: text.length, id: -1 }]
  for (const token of tokens) {
    const next: Fragment[] = []
    for (const fragment of fragments) {
      if (fragment.id >= 0) {
        next.push(fragment)
        continue
      }
      let start = fragment.start
      for (let at = start; at + token.text.length <= fragment.end; at++) {
        const end = at + token.text.length
        if (at < start || text.slice(at, end) !== token.text || !counts(token, at, end)) continue
        if (at > start) next.push({ start, end: at, id: -1 })
        next.push({ start: at, end, id: token.id })
        start = end
        while (stripsRight(token.text) && start < fragment.end && /[ \t-\r]/.test(text[start])) start++
      }
      if (start < fragment.end) next.push({ start, end: fragment.end, id: -1 })
    }
    fragments = next
  }
  return fragments
}

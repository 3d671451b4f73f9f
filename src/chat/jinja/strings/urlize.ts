import type { Budget } from '../budget.js'
import { lengthOf, offsetOf } from '../collections.js'
import type { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'

export interface LinkOptions {
  /** Maximum number of characters of a URL that are shown. */
  readonly limit: number | undefined
  readonly rel: Text
  readonly target: Text | undefined
  readonly schemes: readonly string[]
}

/** Turns the URLs and mail addresses in an HTML-escaped text into links. */
export function linked(text: Text, options: LinkOptions, budget: Budget): Text {
  const out = new TextBuilder(budget)
  let at = 0
  const all = text.text
  for (const match of all.matchAll(/\S+/g)) {
    const end = match.index + match[0].length
    budget.piece(4 * text.runs.length)
    out.add(text.slice(at, match.index))
    addWord(out, text.slice(match.index, end), options)
    at = end
  }
  return out.add(text.slice(at)).text()
}

const HEAD = /^(?:[(<]|&lt;)+/
const PAIRS = [
  ['(', ')'],
  ['<', '>'],
  ['&lt;', '&gt;'],
] as const

function addWord(out: TextBuilder, word: Text, options: LinkOptions): void {
  const all = word.text
  const start = HEAD.exec(all)?.[0].length ?? 0
  let end = tailStart(all, start)
  for (const [open, close] of PAIRS) {
    const middle = all.slice(start, end)
    const missing = countOf(middle, open) - countOf(middle, close)
    const opened = countOf(middle, open)
    if (missing <= 0) continue
    for (let i = 0; i < opened; i++) {
      const at = all.indexOf(close, end)
      if (at < 0) break
      end = at + close.length
    }
  }
  out.add(word.slice(0, start))
  addLink(out, word.slice(start, end), options)
  out.add(word.slice(end))
}

/** The offset at which trailing punctuation begins. */
function tailStart(word: string, start: number): number {
  let end = word.length
  for (;;) {
    if (end > start && ')>.,\n'.includes(word[end - 1])) end--
    else if (end - 4 >= start && word.endsWith('&gt;', end)) end -= 4
    else return end
  }
}

function countOf(text: string, part: string): number {
  return text.split(part).length - 1
}

const HTTP =
  /^(?:(?:https?:\/\/|www\.)(?:[\p{L}\p{N}_%-]+\.)*(?:[a-z]{2,63}|xn--[\p{L}\p{N}_%]{2,59})|(?:[\p{L}\p{N}_%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)|https?:\/\/(?:\p{Nd}{1,3}(?:\.\p{Nd}{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\]))(?::\p{Nd}{1,5})?(?:[/?#]\S*)?$/iu

function addLink(out: TextBuilder, word: Text, { limit, rel, target, schemes }: LinkOptions): void {
  const all = word.text
  const attributes = () => {
    if (rel.length > 0) out.add(' rel="', rel, '"')
    if (target && target.length > 0) out.add(' target="', target, '"')
  }
  if (HTTP.test(all)) {
    const isWhole = all.startsWith('https://') || all.startsWith('http://')
    out.add('<a href="')
    if (!isWhole) out.add('https://')
    out.add(word, '"')
    attributes()
    out.add('>')
    if (limit !== undefined && lengthOf(word) > limit) out.add(word.slice(0, offsetOf(word, limit)), '...')
    else out.add(word)
    out.add('</a>')
  } else if (all.startsWith('mailto:') && isAddress(all.slice(7))) {
    out.add('<a href="', word, '">', word.slice(7), '</a>')
  } else if (all.includes('@') && !/^(?:www\.|@)/.test(all) && !all.includes(':') && isAddress(all)) {
    out.add('<a href="mailto:', word, '">', word, '</a>')
  } else if (schemes.some((scheme) => all !== scheme && all.startsWith(scheme))) {
    out.add('<a href="', word, '"')
    attributes()
    out.add('>', word, '</a>')
  } else out.add(word)
}

/** Matches `someone@host.domain`, split at the last `@` so that it is unambiguous. */
function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@')
  const host = text.slice(at + 1)
  const dot = host.lastIndexOf('.')
  const isName = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u
  return at > 0 && dot > 0 && isName.test(host.slice(0, dot)) && /^[\p{L}\p{N}_]+$/u.test(host.slice(dot + 1))
}

import type { Budget } from '../budget.js'
import type { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'
import { split } from './split.js'

/** Removes HTML comments and tags, and collapses white space. */
export function withoutTags(text: Text, budget: Budget): Text {
  budget.allocate(8 * text.length)
  const bare = withoutElements(withoutComments(text, budget), budget)
  const out = new TextBuilder(budget)
  for (const [i, word] of (split(bare, undefined, -1, budget).items as readonly Text[]).entries()) {
    if (i > 0) out.add(' ')
    out.add(word)
  }
  return out.text()
}

/** Removing a comment may create another one around it, so the remaining units are tracked one by one. */
function withoutComments(text: Text, budget: Budget): Text {
  const all = text.text
  if (!all.includes('<!--')) return text
  const kept = new Uint32Array(all.length)
  let count = 0
  let at = 0
  while (at < all.length) {
    kept[count++] = at++
    const opens =
      count >= 4 &&
      all[kept[count - 4]] === '<' &&
      all[kept[count - 3]] === '!' &&
      all[kept[count - 2]] === '-' &&
      all[kept[count - 1]] === '-'
    if (!opens) continue
    // The dashes that open a comment may also close it.
    const end = all[at] === '>' ? at + 1 : all.startsWith('->', at) ? at + 2 : all.indexOf('-->', at) + 3
    if (end < at + 1) {
      while (at < all.length) kept[count++] = at++
      break
    }
    count -= 4
    at = end
  }
  return keptOf(text, kept.subarray(0, count), budget)
}

function keptOf(text: Text, offsets: Uint32Array, budget: Budget): Text {
  const out = new TextBuilder(budget)
  for (let first = 0; first < offsets.length; ) {
    let last = first
    while (offsets[last + 1] === offsets[last] + 1) last++
    budget.piece(text.runs.length)
    out.add(text.slice(offsets[first], offsets[last] + 1))
    first = last + 1
  }
  return out.text()
}

function withoutElements(text: Text, budget: Budget): Text {
  const all = text.text
  const out = new TextBuilder(budget)
  let at = 0
  for (;;) {
    const open = all.indexOf('<', at)
    const close = open < 0 ? -1 : all.indexOf('>', open)
    budget.piece(text.runs.length)
    if (close < 0) return out.add(text.slice(at)).text()
    out.add(text.slice(at, open))
    at = close + 1
  }
}

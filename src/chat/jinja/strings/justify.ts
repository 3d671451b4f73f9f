import type { Budget } from '../budget.js'
import { lengthOf } from '../collections.js'
import { templateFailed } from '../failures.js'
import { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'

/** Python's `ljust`, `rjust` and `center`. */
export function justified(
  text: Text,
  { width, fillchar = Text.of(' ') }: { readonly width: number; readonly fillchar?: Text | undefined },
  side: 'left' | 'right' | 'center',
  budget: Budget,
): Text {
  if (lengthOf(fillchar) !== 1) throw templateFailed('the fill character must be exactly one character')
  const missing = width - lengthOf(text)
  if (missing <= 0) return text
  budget.text(fillchar.length * missing)
  // If the margins cannot be equal, the larger one is on the left for an odd width.
  const before =
    side === 'left' ? 0 : side === 'right' ? missing : Math.floor(missing / 2) + (missing & width & 1)
  return new TextBuilder(budget)
    .add(fillchar.repeated(before), text, fillchar.repeated(missing - before))
    .text()
}

/** Python's `zfill`: pads with zeros after the sign. */
export function zeroFilled(text: Text, width: number, budget: Budget): Text {
  const missing = width - lengthOf(text)
  if (missing <= 0) return text
  budget.text(missing)
  const signed = /^[-+]/.test(text.text) ? 1 : 0
  return new TextBuilder(budget)
    .add(text.slice(0, signed), Text.of('0').repeated(missing), text.slice(signed))
    .text()
}

/** Python's `expandtabs`: replaces tabs by spaces up to the next multiple of `size`. */
export function tabsExpanded(text: Text, size: number, budget: Budget): Text {
  const out = new TextBuilder(budget)
  const all = text.text
  let start = 0
  let column = 0
  for (let at = 0; at < all.length; at++) {
    const unit = all[at]
    if (unit === '\n' || unit === '\r') column = 0
    else if (unit !== '\t') {
      // A surrogate pair is one column.
      const code = all.charCodeAt(at)
      if (!(code >= 0xdc00 && code <= 0xdfff)) column++
    } else {
      budget.piece(text.runs.length)
      const spaces = size > 0 ? size - (column % size) : 0
      budget.text(spaces)
      out.add(text.slice(start, at), Text.of(' ').repeated(spaces))
      column += spaces
      start = at + 1
    }
  }
  return out.add(text.slice(start)).text()
}

import type { Budget } from '../budget.js'
import { lengthOf, offsetOf } from '../collections.js'
import { templateFailed } from '../failures.js'
import { percentFormat } from '../formatting/percent.js'
import { any, filter, flag, int, type Operation, printed, text } from '../parameters.js'
import { str } from '../repr.js'
import { recase, replace, strip } from '../strings/change.js'
import { justified } from '../strings/justify.js'
import { lines } from '../strings/split.js'
import { wrapped } from '../strings/wrap.js'
import { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'
import { CASES } from '../unicode.js'
import { List, Tuple, typeName, Undefined, type Value } from '../values.js'

type Filter = Operation<Value>

/** A filter that changes the case of the value's printed form. */
const casing = (change: (text: string) => string): Filter =>
  filter({}, (value, _, budget) => recase(str(value, budget), change, budget))

/** Jinja's `title`, whose word boundaries differ from those of Python's method. */
function titled(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts separators as white space
  return text.replace(/[^-({[<\s\x1c-\x1f\x85]+/g, (word) => {
    const first = String.fromCodePoint(word.codePointAt(0)!)
    return first.toUpperCase() + word.slice(first.length).toLowerCase()
  })
}

/** Checks that the subject of a filter is a string. */
function textOnly(name: string, value: Value): Text {
  if (value instanceof Text) return value
  throw templateFailed(`${name} cannot be applied to ${typeName(value)}`)
}

const truncate = filter(
  { length: int.or(255), killwords: flag.or(false), end: text.or(Text.of('...')), leeway: int.optional },
  (value, { length, killwords, end, leeway = 5 }, budget, name) => {
    const kept = length - lengthOf(end)
    if (kept < 0) throw templateFailed(`truncate: "end" is longer than the length of ${length} characters`)
    if (leeway < 0) throw templateFailed('truncate: leeway is negative')
    const isShort = value instanceof List && value.items.length <= length + leeway
    if (isShort || value instanceof Undefined) return value
    const all = textOnly(name, value)
    if (lengthOf(all) <= length + leeway) return all
    budget.piece(2 * all.runs.length)
    const cut = all.slice(0, offsetOf(all, kept))
    const space = killwords ? -1 : cut.text.lastIndexOf(' ')
    return new TextBuilder(budget).add(space < 0 ? cut : cut.slice(0, space), end).text()
  },
)

const indent = filter(
  { width: any.or(4), first: flag.or(false), blank: flag.or(false) },
  (value, { width, first, blank }, budget, name) => {
    const pad = width instanceof Text ? width : spaces(width, budget)
    const out = new TextBuilder(budget)
    // Jinja appends a line break, so that a text ending with one has an empty last line.
    const all = Text.join([textOnly(name, value), Text.of('\n')])
    for (const [i, line] of (lines(all, budget).items as readonly Text[]).entries()) {
      if (i > 0) out.add('\n')
      if (i === 0 ? first : blank || line.length > 0) out.add(pad)
      out.add(line)
    }
    return out.text()
  },
)

function spaces(width: Value, budget: Budget): Text {
  if (typeof width !== 'number' && typeof width !== 'boolean') {
    throw templateFailed(`indent: width must be an integer or a string, not ${typeName(width)}`)
  }
  const count = Math.max(0, Number(width))
  budget.text(count)
  return Text.of(' ').repeated(count)
}

export const TEXT_FILTERS: Readonly<Record<string, Filter>> = {
  upper: casing(CASES.upper),
  lower: casing(CASES.lower),
  capitalize: casing(CASES.capitalize),
  title: casing(titled),
  string: filter({}, (value, _, budget) => str(value, budget)),
  trim: filter({ chars: text.optional }, (value, { chars }, budget) =>
    strip(str(value, budget), chars, { left: true, right: true }, budget),
  ),
  center: filter({ width: int.or(80) }, (value, given, budget) =>
    justified(str(value, budget), given, 'center', budget),
  ),
  replace: filter({ old: printed, new: printed, count: int.optional }, (value, given, budget) =>
    replace(str(value, budget), given.old, given.new, given.count ?? -1, budget),
  ),
  format: (name, value, { positional, named }, budget) => {
    if (positional.length > 0 && named.size > 0) {
      throw templateFailed(`${name} takes positional or named values, not both`)
    }
    return percentFormat(str(value, budget), named.size > 0 ? named : new Tuple(positional), budget)
  },
  indent,
  truncate,
  wordcount: filter({}, (value, _, budget) => str(value, budget).text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  wordwrap: filter(
    {
      width: int.or(79),
      break_long_words: flag.or(true),
      wrapstring: text.optional,
      break_on_hyphens: flag.or(true),
    },
    (value, { width, wrapstring = Text.of('\n'), ...options }, budget, name) => {
      const breaks = { longWords: options.break_long_words, atHyphens: options.break_on_hyphens }
      return wrapped(textOnly(name, value), width, wrapstring, breaks, budget)
    },
  ),
}

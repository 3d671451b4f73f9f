import { describeValue } from '../../../describe.js'
import type { Budget } from '../budget.js'
import { templateFailed } from '../failures.js'
import { ascii, repr, str } from '../repr.js'
import { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'
import { type Arguments, type Dict, Undefined, type Value } from '../values.js'
import { formatValue } from './spec.js'

/** Access to attributes and items for fields such as `{0.name}` and `{0[key]}`. */
export interface Members {
  attributeOf(value: Value, name: string, budget: Budget): Value
  itemOf(value: Value, key: Value | string, budget: Budget): Value
}

/** Python's `format.format(…)`, limited to the attributes and items that a template may read. */
export function braceFormat(format: Text, args: Arguments, members: Members, budget: Budget): Text {
  return new BraceFormatter(args, members, budget).format(format, 2)
}

/** The parts of `{name!conversion:specification}`. */
interface Field {
  readonly name: string
  readonly conversion: string | undefined
  readonly spec: Text
}

class BraceFormatter {
  readonly #positional: readonly Value[]
  readonly #named: Dict
  readonly #members: Members
  readonly #budget: Budget
  /** The position of the next unnumbered field; `undefined` once a field has a number. */
  #next: number | undefined = 0

  constructor({ positional, named }: Arguments, members: Members, budget: Budget) {
    this.#positional = positional
    this.#named = named
    this.#members = members
    this.#budget = budget
  }

  format(format: Text, depth: number): Text {
    if (depth < 0) throw templateFailed('format: fields are nested too deeply')
    const all = format.text
    this.#budget.scan(all.length)
    const out = new TextBuilder(this.#budget)
    let at = 0
    for (;;) {
      let brace = at
      while (brace < all.length && all[brace] !== '{' && all[brace] !== '}') brace++
      if (brace > at) out.add(this.#cut(format, at, brace))
      if (brace === all.length) return out.text()
      if (all[brace + 1] === all[brace]) {
        out.add(this.#cut(format, brace, brace + 1))
        at = brace + 2
        continue
      }
      if (all[brace] === '}') throw templateFailed('format: single }')
      const end = endOfField(all, brace)
      out.add(this.#field(this.#parse(format, brace + 1, end), depth))
      at = end + 1
    }
  }

  #cut(format: Text, start: number, end: number): Text {
    this.#budget.piece(format.runs.length)
    return format.slice(start, end)
  }

  #parse(format: Text, start: number, end: number): Field {
    const all = format.text
    let at = start
    let isInBrackets = false
    for (; at < end; at++) {
      const unit = all[at]
      if (unit === '[') isInBrackets = true
      else if (unit === ']') isInBrackets = false
      else if (unit === '{') throw templateFailed('format: unexpected { in the name of a field')
      else if (!isInBrackets && (unit === ':' || unit === '!')) break
    }
    const name = all.slice(start, at)
    let conversion: string | undefined
    if (all[at] === '!' && at < end) {
      conversion = all[at + 1]
      at += 2
      if (at > end || (at < end && all[at] !== ':'))
        throw templateFailed('format: expected : after a conversion')
    }
    return { name, conversion, spec: at < end ? this.#cut(format, at + 1, end) : Text.EMPTY }
  }

  #field({ name, conversion, spec }: Field, depth: number): Text {
    const value = this.#converted(this.#value(name), conversion)
    return formatValue(value, this.format(spec, depth - 1), this.#budget)
  }

  #converted(value: Value, conversion: string | undefined): Value {
    switch (conversion) {
      case undefined:
        return value
      case 's':
        return str(value, this.#budget)
      case 'r':
        return repr(value, this.#budget)
      case 'a':
        return ascii(value, this.#budget)
      default:
        throw templateFailed(`format: unknown conversion ${JSON.stringify(conversion)}`)
    }
  }

  #value(field: string): Value {
    const [first] = /^[^.[]*/.exec(field)!
    let value = this.#argument(first)
    const rest = /\.([^.[]+)|\[([^\]]+)\]/y
    rest.lastIndex = first.length
    while (rest.lastIndex < field.length) {
      this.#budget.spend(1)
      const match = rest.exec(field)
      if (!match) throw templateFailed(`format: invalid field ${describeValue(field)}`)
      const [, attribute, item] = match
      if (attribute !== undefined) value = this.#members.attributeOf(value, attribute, this.#budget)
      else value = this.#members.itemOf(value, /^\d+$/.test(item) ? Number(item) : item, this.#budget)
    }
    return value
  }

  #argument(name: string): Value {
    if (name === '' || /^\d+$/.test(name)) {
      if (name === '' ? this.#next === undefined : this.#next !== undefined && this.#next > 0) {
        throw templateFailed('format: numbered and unnumbered fields cannot be mixed')
      }
      const position = name === '' ? this.#next! : Number(name)
      this.#next = name === '' ? position + 1 : undefined
      const value = this.#positional[position]
      if (value === undefined) throw templateFailed(`format: no positional value ${position}`)
      return value
    }
    const value = this.#named.get(name)
    if (value === undefined) throw templateFailed(`format: no value named ${describeValue(name)}`)
    if (value instanceof Undefined && value.problem !== undefined) throw templateFailed(value.problem)
    return value
  }
}

/** The offset of the brace that closes the field starting at `start`. */
function endOfField(all: string, start: number): number {
  let depth = 0
  let isInBrackets = false
  for (let at = start; at < all.length; at++) {
    const unit = all[at]
    if (unit === '[') isInBrackets = true
    else if (unit === ']') isInBrackets = false
    if (isInBrackets) continue
    if (unit === '{') depth++
    if (unit === '}' && --depth === 0) return at
  }
  throw templateFailed('format: a field is not closed')
}

import type { Budget } from '../budget.js'
import { characters, dictOf } from '../collections.js'
import { templateFailed } from '../failures.js'
import { characterOf } from '../formatting/spec.js'
import { integral } from '../numbers.js'
import { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'
import { Dict, typeName, type Value } from '../values.js'

/** Python's `str.translate`: the table maps code points to strings, code points or `None`. */
export function translated(text: Text, table: Value, budget: Budget): Text {
  if (!(table instanceof Dict)) throw templateFailed(`translate needs a mapping, not ${typeName(table)}`)
  const out = new TextBuilder(budget)
  for (const character of characters(text, budget)) {
    const found = table.get(character.text.codePointAt(0)!)
    if (found === undefined) out.add(character)
    else if (found instanceof Text) out.add(found)
    else if (found !== null) {
      const code = integral(found)
      if (code === undefined)
        throw templateFailed(`translate: a character cannot be replaced by ${typeName(found)}`)
      out.add(characterOf(code))
    }
  }
  return out.text()
}

/** Python's `str.maketrans`. */
export function mappingOf(x: Value, y: Text | undefined, z: Text | undefined, budget: Budget): Dict {
  if (y === undefined) {
    if (!(x instanceof Dict)) throw templateFailed(`maketrans needs a mapping, not ${typeName(x)}`)
    const entries = x.entries().map(([key, value]): [Value, Value] => {
      if (!(key instanceof Text)) return [key, value]
      const codes = codesOf(key, budget)
      if (codes.length !== 1) throw templateFailed('maketrans: a key must be one character')
      return [codes[0], value]
    })
    return dictOf(entries, budget)
  }
  if (!(x instanceof Text)) throw templateFailed(`maketrans needs a string, not ${typeName(x)}`)
  const from = codesOf(x, budget)
  const to = codesOf(y, budget)
  if (from.length !== to.length) throw templateFailed('maketrans needs two strings of the same length')
  const dropped = z ? codesOf(z, budget) : []
  return dictOf(
    [...from.map((code, i) => [code, to[i]] as const), ...dropped.map((code) => [code, null] as const)],
    budget,
  )
}

function codesOf(text: Text, budget: Budget): number[] {
  budget.items(text.length)
  return Array.from(text.text, (character) => character.codePointAt(0)!)
}

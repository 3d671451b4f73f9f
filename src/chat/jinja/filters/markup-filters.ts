import { describeValue } from '../../../describe.js'
import type { Budget } from '../budget.js'
import { iterable } from '../collections.js'
import { undefinedUsed } from '../compare.js'
import { templateFailed } from '../failures.js'
import { filter, flag, int, list, type Operation, text } from '../parameters.js'
import { str } from '../repr.js'
import { respell } from '../strings/change.js'
import { withoutTags } from '../strings/tags.js'
import { linked } from '../strings/urlize.js'
import { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'
import { Dict, List, typeName, Undefined, type Value } from '../values.js'

type Filter = Operation<Value>

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

export function escaped(text: Text, budget: Budget): Text {
  budget.text(text.length)
  return text.map((part) => part.replace(/[&<>"']/g, (unit) => MARKUP[unit]))
}

/** Percent-encodes a part of a URL; in a query, slashes are encoded too, and spaces become plus signs. */
function urlQuoted(text: Text, budget: Budget, { inQuery }: { inQuery: boolean }): Text {
  budget.text(3 * text.length)
  return text.map((part) => {
    // `encodeURIComponent` throws for lone surrogates.
    const encoded = encodeURIComponent(
      part.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd'),
    )
    const all = encoded.replace(/[!'()*]/g, (unit) => `%${unit.charCodeAt(0).toString(16).toUpperCase()}`)
    return inQuery ? all.replaceAll('%20', '+') : all.replaceAll('%2F', '/')
  })
}

const urlEncode = filter({}, (value, _, budget) => {
  const isQuery = value instanceof Dict || value instanceof List
  if (!isQuery) return urlQuoted(str(value, budget), budget, { inQuery: false })
  const out = new TextBuilder(budget)
  const pairs = value instanceof Dict ? value.entries() : value.items.map((item) => pairOf(item, budget))
  budget.members(pairs.length)
  for (const [i, pair] of pairs.entries()) {
    if (i > 0) out.add('&')
    const [key, item] = pair.map((part) => urlQuoted(str(part, budget), budget, { inQuery: true }))
    out.add(key, '=', item)
  }
  return out.text()
})

function pairOf(value: Value, budget: Budget): readonly [Value, Value] {
  const items = iterable(value, budget)
  if (items?.length !== 2) throw templateFailed(`urlencode needs pairs, not ${typeName(value)}`)
  return [items[0], items[1]]
}

const xmlAttributes = filter({ autospace: flag.or(true) }, (value, { autospace }, budget) => {
  if (value instanceof Undefined) throw undefinedUsed(value)
  if (!(value instanceof Dict)) throw templateFailed(`xmlattr cannot be applied to ${typeName(value)}`)
  const out = new TextBuilder(budget)
  budget.members(value.size)
  let isFirst = true
  for (const [key, item] of value.entries()) {
    if (item === null || item instanceof Undefined) continue
    if (!(key instanceof Text)) throw templateFailed(`xmlattr: keys must be strings, not ${typeName(key)}`)
    if (/[ \t\n\r\f\v/>=]/.test(key.text)) {
      throw templateFailed(`xmlattr: invalid character in ${describeValue(key.text)}`)
    }
    if (!isFirst || autospace) out.add(' ')
    isFirst = false
    out.add(escaped(key, budget), '="', escaped(str(item, budget), budget), '"')
  }
  return out.text()
})

const urlize = filter(
  {
    trim_url_limit: int.optional,
    nofollow: flag.or(false),
    target: text.optional,
    rel: text.optional,
    extra_schemes: list.optional,
  },
  (value, given, budget) => {
    const schemes = (given.extra_schemes ?? []).map((scheme) => {
      if (scheme instanceof Text && /^[\p{L}\p{N}_.+-]{2,}:\/{0,2}$/u.test(scheme.text)) return scheme.text
      throw templateFailed('urlize: invalid extra scheme')
    })
    const words = (given.rel ?? Text.EMPTY).text.split(/\s+/).filter((word) => word !== '')
    const rel = [...new Set([...words, 'noopener', ...(given.nofollow ? ['nofollow'] : [])])].sort().join(' ')
    const relText = Text.of(rel, given.rel?.provenanceOf() ?? 0)
    const options = {
      limit: given.trim_url_limit,
      rel: escaped(relText, budget),
      target: given.target && escaped(given.target, budget),
      schemes,
    }
    return linked(escaped(str(value, budget), budget), options, budget)
  },
)

export const MARKUP_FILTERS: Readonly<Record<string, Filter>> = {
  escape: filter({}, (value, _, budget) => escaped(str(value, budget), budget)),
  e: filter({}, (value, _, budget) => escaped(str(value, budget), budget)),
  forceescape: filter({}, (value, _, budget) => escaped(str(value, budget), budget)),
  safe: filter({}, (value, _, budget) => str(value, budget)),
  striptags: filter({}, (value, _, budget) => unescaped(withoutTags(str(value, budget), budget), budget)),
  urlencode: urlEncode,
  urlize,
  xmlattr: xmlAttributes,
}

/** Named entities: all of HTML 4's for Latin 1, and the most common others. */
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['hellip', '…'],
  ['ndash', '–'],
  ['mdash', '—'],
  ['lsquo', '‘'],
  ['rsquo', '’'],
  ['ldquo', '“'],
  ['rdquo', '”'],
  ['bull', '•'],
  ['euro', '€'],
  ['trade', '™'],
  ...'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml'
    .split(' ')
    .map((name, i): [string, string] => [name, String.fromCharCode(160 + i)]),
])

function unescaped(text: Text, budget: Budget): Text {
  return respell(text, /&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z\d]{2,8});?/g, characterNamed, budget)
}

function characterNamed(entity: string): string {
  const isClosed = entity.endsWith(';')
  const name = entity.slice(1, isClosed ? -1 : undefined)
  if (!name.startsWith('#')) {
    const character = isClosed ? ENTITIES.get(name) : undefined
    return character ?? unclosed(name, isClosed ? ';' : '')
  }
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return isCharacter ? String.fromCodePoint(code) : '\ufffd'
}

/** The oldest names are also valid without their semicolon, even if letters follow. */
function unclosed(name: string, end: string): string {
  for (let length = name.length; length >= 2; length--) {
    const character = ENTITIES.get(name.slice(0, length))
    const isOld = character !== undefined && (character < '\u0100' || '"&<>'.includes(character))
    if (isOld && name.slice(0, length) !== 'apos') return character + name.slice(length) + end
  }
  return `&${name}${end}`
}

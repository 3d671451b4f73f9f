import { rangesOf } from '../../grammar/code-points.js'
import { choice, EMPTY, type Node, repeat, sequence, set, text } from '../../grammar/grammar.js'
import { SPACE } from '../../grammar/schema/json-text.js'
import type { SectionStyle } from '../reply/formats/section-calls.js'
import { type CallWriter, plainId } from './writer.js'

/** One call with a header. */
export function sectionCall({ call, headers }: SectionStyle, writer: CallWriter): Node {
  return writer.oneOf(({ name, json }) =>
    choice(
      headers.map(({ text: header, fence }) =>
        sequence([
          writer.marked(call.open),
          ...headerNodes(header, name, writer),
          fence ? text('\n```json\n') : SPACE,
          json,
          fence ? text('\n```') : SPACE,
          writer.marked(call.close),
        ]),
      ),
    ),
  )
}

/** Calls with headers, in their section. */
export function sectionGrammar(style: SectionStyle, writer: CallWriter): Node {
  const { section } = style
  const calls = writer.several(sectionCall(style, writer), SPACE)
  return sequence([writer.marked(section.open), SPACE, calls, SPACE, writer.marked(section.close)])
}

function headerNodes(header: string, name: string, writer: CallWriter): Node[] {
  return header.split(/(NAME|ID|#)/).map((part) => {
    if (part === 'NAME') return text(name)
    if (part === 'ID') return plainId(1, 24)
    if (part === '#') return repeat(set(rangesOf('0123456789')), 1, 3)
    return part === '' ? EMPTY : writer.marked(part)
  })
}

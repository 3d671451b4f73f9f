import { parse, tokenize } from '@huggingface/jinja'
import { templateInvalid, templateLimit } from './failures.js'
import type { Program } from './nodes.js'

/** Characters of a template; those of published models have at most 20,000. */
const MAX_TEMPLATE = 128 * 1024
/** White space in a row: the lexer's search for tags takes the square of it. */
const MAX_BLANKS = 1000

/**
 * Parses a template, in the dialect that chat templates are written in: `trim_blocks`, `lstrip_blocks`, loop controls
 * and the tag `generation`, which is dropped. Throws `TEMPLATE_FAILED` for what is none and `LIMIT`.
 */
export function parseTemplate(source: string): Program {
  if (source.length > MAX_TEMPLATE) {
    throw templateLimit(`has ${source.length} characters; the limit is ${MAX_TEMPLATE}`)
  }
  const blanks = /\s+/g
  for (let match = blanks.exec(source); match; match = blanks.exec(source)) {
    if (match[0].length > MAX_BLANKS) {
      throw templateLimit(
        `has ${match[0].length} white-space characters in a row; the limit is ${MAX_BLANKS}`,
      )
    }
  }
  try {
    const tokens = tokenize(source, { trim_blocks: true, lstrip_blocks: true })
    return parse(tokens) as unknown as Program
  } catch (error) {
    if (error instanceof RangeError) {
      throw templateLimit('nests too deeply to be parsed', undefined, error)
    }
    // The parser looks beyond the last token where a statement has no end.
    const isCut = error instanceof TypeError
    throw templateInvalid(isCut ? 'it ends within a statement' : (error as Error).message, error)
  }
}

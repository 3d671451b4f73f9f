import { templateLimit } from './failures.js'
import { tokenize } from './lexer.js'
import type { Block } from './nodes.js'
import { parseTokens } from './parser.js'
import { resolveScopes } from './scopes.js'
import type { TemplateSource } from './source.js'

/** Characters of a template; those of published models have at most 20,000. */
const MAX_TEMPLATE = 128 * 1024

/**
 * Parses a template, in the dialect that chat templates are written in: Jinja2's with `trim_blocks`, `lstrip_blocks`, loop
 * controls and the tag `generation`. Throws `TEMPLATE_FAILED` where the text is not a valid template, `UNSUPPORTED` for a
 * statement that is not known, `LIMIT`; all name the place.
 */
export function parseTemplate(source: TemplateSource): Block {
  const { length } = source.text
  if (length > MAX_TEMPLATE) throw templateLimit(`has ${length} characters; the limit is ${MAX_TEMPLATE}`)
  const template = parseTokens(source, tokenize(source))
  resolveScopes(template)
  return template
}

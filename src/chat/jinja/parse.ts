import { templateLimit } from './failures.js'
import { tokenize } from './lexer.js'
import type { Block } from './nodes.js'
import { parseTokens } from './parser.js'
import { resolveScopes } from './scopes.js'
import type { TemplateSource } from './source.js'

/** Limit on the characters of a template; published ones have at most 20,000. */
const MAX_TEMPLATE = 128 * 1024

/**
 * Parses a template in the dialect of chat templates: Jinja2 with `trim_blocks`, `lstrip_blocks`, loop controls and the tag
 * `generation`. Throws `TEMPLATE_FAILED` for an invalid template, `UNSUPPORTED` for an unknown statement, `LIMIT`; the errors
 * include the location.
 */
export function parseTemplate(source: TemplateSource): Block {
  const { length } = source.text
  if (length > MAX_TEMPLATE) throw templateLimit(`has ${length} characters; the limit is ${MAX_TEMPLATE}`)
  const template = parseTokens(source, tokenize(source))
  resolveScopes(template)
  return template
}

/** The modules that sessions import when they need them. */
import { abortable } from '../abortable.js'
import type { CompiledGrammar } from '../grammar/compiled-grammar.js'
import { isConstrained, type ResponseFormat } from '../grammar/format.js'
import { LazyModule } from '../lazy-module.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'

/** Grammars and JSON Schema. */
export const grammars = /* @__PURE__ */ new LazyModule(() => import('../grammar/response-format.js'))

/** Sessions as bytes. */
export const states = /* @__PURE__ */ new LazyModule(() => import('./state.js'))

/** Kept prompts. */
export const prefixCaches = /* @__PURE__ */ new LazyModule(() => import('./prefix-cache.js'))

/** Drafts of tokens. */
export const drafts = /* @__PURE__ */ new LazyModule(() => import('./speculation/kept-drafts.js'))

/**
 * Compiles a response format; resolves with `undefined` for unconstrained text. Rejects with `INVALID_ARGUMENT`,
 * `UNSUPPORTED` or `LIMIT` for one that cannot be used, or with the signal's reason.
 */
export async function compileFormat(
  tokenizer: Tokenizer,
  options: { readonly responseFormat?: ResponseFormat | undefined },
  signal?: AbortSignal,
): Promise<CompiledGrammar | undefined> {
  if (!isConstrained(options)) return undefined
  const { compileResponseFormat } = await abortable(grammars.load(), signal)
  return compileResponseFormat(tokenizer, options.responseFormat)
}

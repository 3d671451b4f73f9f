import type { CompiledGrammar } from '../../src/grammar/compiled-grammar.js'

/** Throws for texts that the grammar wrongly accepts or rejects. */
export function checkTexts(
  grammar: CompiledGrammar,
  { accepts, rejects }: { readonly accepts: readonly string[]; readonly rejects: readonly string[] },
): void {
  const wrong = [
    ...accepts.filter((text) => !grammar.matches(text)),
    ...rejects.filter((text) => grammar.matches(text)),
  ]
  if (wrong.length > 0)
    throw new Error(`wrongly accepted or rejected: ${JSON.stringify(wrong).slice(0, 300)}`)
}

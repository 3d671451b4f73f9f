import type { CompiledGrammar } from '../../src/grammar/compiled-grammar.js'

/** Throws for texts that the grammar does not accept or reject as it should. */
export function checkTexts(
  grammar: CompiledGrammar,
  { accepts, rejects }: { readonly accepts: readonly string[]; readonly rejects: readonly string[] },
): void {
  const wrong = [
    ...accepts.filter((text) => !grammar.matches(text)),
    ...rejects.filter((text) => grammar.matches(text)),
  ]
  if (wrong.length > 0) throw new Error(`the other way round: ${JSON.stringify(wrong).slice(0, 300)}`)
}

import { templateEnds } from './template-ends.js'
import { CONTROL, NORMAL, USER_DEFINED } from './token-attributes.js'
import type { TokenId } from './tokenizer.js'

/** The parts of a vocabulary used here; `attributes` are corrected in place. */
interface Tokens {
  readonly idOf: ReadonlyMap<string, TokenId>
  readonly texts: readonly string[]
  readonly attributes: Uint8Array
}

/** Special token ids that a model file defines. */
export interface NamedIds {
  readonly eos?: TokenId | undefined
  readonly eot?: TokenId | undefined
  readonly eom?: TokenId | undefined
  readonly fimPrefix?: TokenId | undefined
  readonly fimSuffix?: TokenId | undefined
  readonly fimMiddle?: TokenId | undefined
  readonly fimPad?: TokenId | undefined
  readonly fimRepository?: TokenId | undefined
  readonly fimSeparator?: TokenId | undefined
}

/** Texts by which llama.cpp finds special tokens that the file does not define. Source: `llama_vocab::impl::load`. */
const TEXTS_BY_ROLE = {
  eom: ['<|eom_id|>'],
  fimPrefix: [
    '<|fim_prefix|>',
    '<fim-prefix>',
    '<fim_prefix>',
    '<｜fim▁begin｜>',
    '<PRE>',
    '▁<PRE>',
    '<|code_prefix|>',
    '<|prefix|>',
  ],
  fimSuffix: [
    '<|fim_suffix|>',
    '<fim-suffix>',
    '<fim_suffix>',
    '<｜fim▁hole｜>',
    '<SUF>',
    '▁<SUF>',
    '<|code_suffix|>',
    '<|suffix|>',
  ],
  fimMiddle: [
    '<|fim_middle|>',
    '<fim-middle>',
    '<fim_middle>',
    '<｜fim▁end｜>',
    '<MID>',
    '▁<MID>',
    '<|code_middle|>',
    '<|middle|>',
  ],
  fimPad: ['<|fim_pad|>', '<fim-pad>', '<fim_pad>', '<PAD>', '[PAD]'],
  fimRepository: ['<|fim_repo|>', '<|repo_name|>', '<fim-repo>', '<REPO>', '<reponame>'],
  fimSeparator: ['<|file_sep|>'],
} as const satisfies Partial<Record<keyof NamedIds, readonly string[]>>

/** Texts of end-of-generation tokens, end of turn included, in any vocabulary. */
const END_TEXTS = [
  '<|eot_id|>',
  '<|im_end|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '<|flush|>',
  '<|calls|>',
  '<end_of_turn>',
  '<|endoftext|>',
  '</s>',
  '<|eom_id|>',
  '<EOT>',
  '_<EOT>',
  '[EOT]',
  '[EOS]',
  '<|end_of_text|>',
  '<end_of_utterance>',
  '<eos>',
  '<turn|>',
  '<|tool_response>',
  '<｜end▁of▁sentence｜>',
  '[e~[',
]

/** Markers of gpt-oss that llama.cpp always decodes and always recognizes. */
const ALWAYS_VISIBLE = ['<|channel|>', '<|message|>', '<|start|>', '<|constrain|>']

/**
 * The file's special ids, and those that it does not define but llama.cpp finds by their texts. A token found by its text is
 * marked as a control token in `attributes`, because many files omit that.
 */
export function findNamedIds({ idOf, attributes }: Tokens, named: NamedIds): NamedIds {
  const ids = { ...named }
  for (const role of Object.keys(TEXTS_BY_ROLE) as (keyof typeof TEXTS_BY_ROLE)[]) {
    if (ids[role] !== undefined) continue
    const found = TEXTS_BY_ROLE[role].map((text) => idOf.get(text)).find((id) => id !== undefined)
    if (found === undefined) continue
    ids[role] = found
    attributes[found] |= CONTROL
  }
  return ids
}

/**
 * Finds the end-of-generation ids as llama.cpp does, from the special ids and by text; if that finds no end of turn, also
 * from the chat template. Corrects `attributes` as `findNamedIds` does.
 */
export function findEndOfGeneration(tokens: Tokens, ids: NamedIds, template: string): Set<TokenId> {
  const { idOf, attributes } = tokens
  const ends = new Set<TokenId>()
  for (const id of [ids.fimPad, ids.fimRepository, ids.fimSeparator, ids.eos, ids.eot, ids.eom]) {
    if (id !== undefined) ends.add(id)
  }
  for (const text of END_TEXTS) {
    const id = idOf.get(text)
    if (id === undefined) continue
    ends.add(id)
    attributes[id] |= CONTROL
  }
  for (const text of ALWAYS_VISIBLE) {
    const id = idOf.get(text)
    if (id !== undefined) attributes[id] = USER_DEFINED
  }
  dropFalseEnds(tokens, ends)
  if (ends.size <= (ids.eos === undefined ? 0 : 1)) addTemplateEnds(tokens, ends, template)
  return ends
}

/**
 * If only EOS is known, the chat template may reveal the end-of-turn token. Only control and user-defined tokens count,
 * so that ordinary words cannot end a generation.
 */
function addTemplateEnds({ idOf, attributes }: Tokens, ends: Set<TokenId>, template: string): void {
  for (const marker of templateEnds(template)) {
    const id = idOf.get(marker)
    if (id !== undefined && (attributes[id] & (CONTROL | USER_DEFINED)) !== 0) ends.add(id)
  }
}

/** Removes texts that have another meaning in some vocabularies. */
function dropFalseEnds({ texts, attributes }: Tokens, ends: Set<TokenId>): void {
  const idByText = new Map([...ends].map((id) => [texts[id], id]))
  const has = (text: string) => idByText.has(text)
  const drop = (text: string, attribute: number) => {
    const id = idByText.get(text)
    if (id === undefined) return
    ends.delete(id)
    attributes[id] = attribute
  }
  // In gpt-oss and Solar Open, "<|end|>" ends a message, of which a turn has several.
  const called = has('<|call|>') || has('<|calls|>')
  if (called && (has('<|return|>') || has('<|flush|>'))) drop('<|end|>', USER_DEFINED)
  // In Gemma 4, "</s>" is an HTML tag.
  if (has('<|tool_response>')) drop('</s>', NORMAL)
}

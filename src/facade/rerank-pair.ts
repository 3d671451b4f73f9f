import { DasllamaError } from '../errors.js'
import type { TextSegment, TokenId } from '../tokenizer/tokenizer.js'
import type { Model } from './model.js'

/** Name of the template of a pair, in which `{query}` and `{document}` stand for the texts. */
const TEMPLATE = 'rerank'

const PLACEHOLDER = /(\{query\}|\{document\})/

/** Writes pairs of one query and a document as ids, in the order of llama.cpp's server. */
export class PairEncoder {
  readonly #model: Model
  readonly #query: string
  readonly #truncate: 'error' | 'end'
  /** The template, split at its placeholders. */
  readonly #template: readonly string[] | undefined

  constructor(model: Model, query: string, truncate: 'error' | 'end') {
    this.#model = model
    this.#query = query
    this.#truncate = truncate
    this.#template = model.chatTemplates.get(TEMPLATE)?.split(PLACEHOLDER)
  }

  /** The ids of a pair, as many as fit. `name`: the document, in messages. Throws `CONTEXT_FULL`. */
  encode(document: string, name: string): TokenId[] {
    const { contextLength } = this.#model
    const ids = this.#pair(document, undefined)
    const excess = ids.length - contextLength
    if (excess <= 0) return ids
    const ofDocument = this.#model.tokenizer.encode(document, { addSpecial: false })
    if (this.#truncate === 'end' && excess < ofDocument.length) {
      const kept = this.#pair(document, ofDocument.slice(0, ofDocument.length - excess))
      if (kept.length <= contextLength) return kept
    }
    throw new DasllamaError(
      'CONTEXT_FULL',
      `${name} and the query have ${ids.length} tokens, ${excess} more than the context of ${contextLength} holds`,
      {
        hint:
          this.#truncate === 'end'
            ? 'the query leaves no room for the document: use a shorter one, or a larger contextLength'
            : "split the document, pass truncate: 'end', or load the model with a larger contextLength",
      },
    )
  }

  /** `documentIds`: the document's ids, if they are not those of its whole text. */
  #pair(document: string, documentIds: readonly TokenId[] | undefined): TokenId[] {
    const { tokenizer } = this.#model
    if (this.#template) {
      const segments = this.#template.map((part): TextSegment => {
        if (part === '{query}') return { text: this.#query, trusted: false }
        if (part !== '{document}') return { text: part, trusted: true }
        return { text: document, trusted: false, ...(documentIds && { ids: documentIds }) }
      })
      return tokenizer.encodeSegments(segments, { addBos: false })
    }
    const { addsBos, addsEos, addsSeparator, bosId, separatorId, eosId = separatorId } = tokenizer
    const when = (adds: boolean, id: TokenId | undefined): TokenId[] => (adds && id !== undefined ? [id] : [])
    const encode = (text: string) => tokenizer.encode(text, { addSpecial: false })
    return [
      ...when(addsBos, bosId),
      ...encode(this.#query),
      ...when(addsEos, eosId),
      ...when(addsSeparator, separatorId),
      ...(documentIds ?? encode(document)),
      ...when(addsEos, eosId),
    ]
  }
}

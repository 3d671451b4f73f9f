import type { TokenId, Tokenizer } from 'dasllama'
import { element } from '../app/dom.js'
import { spokenText, tokenText, visibleParts } from './token-text.js'

/** Elements that show tokens, white space included. */
export class TokenLabels {
  readonly #tokenizer: Tokenizer

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer
  }

  visible(id: TokenId): HTMLElement {
    const token = tokenText(this.#tokenizer, id)
    const parts = visibleParts(token).map(({ text, isSign }) =>
      isSign ? element('span', { class: 'lab-sign' }, text) : text,
    )
    return element('span', { class: `lab-token-text is-${token.kind}` }, ...parts)
  }

  /** As part of a text: white space stays, and only a line break has a sign, before it. */
  running(id: TokenId): HTMLElement {
    const { kind, text } = tokenText(this.#tokenizer, id)
    const parts = text.split(/(\n)/).map((part) => (part === '\n' ? breakSign() : part))
    return element('span', { class: `lab-running is-${kind}` }, ...parts.flat())
  }

  spoken(id: TokenId): string {
    return spokenText(tokenText(this.#tokenizer, id))
  }
}

function breakSign(): (Node | string)[] {
  return [element('span', { class: 'lab-sign' }, '↵'), '\n']
}

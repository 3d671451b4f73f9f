/** Tokens as text in which everything is visible. */
import type { TokenId, Tokenizer } from 'dasllama'

export interface TokenText {
  readonly kind: 'text' | 'bytes' | 'control'
  /** The text; an incomplete character as hexadecimal bytes; the name of a control token. */
  readonly text: string
}

const strict = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function tokenText(tokenizer: Tokenizer, id: TokenId): TokenText {
  if (tokenizer.isControl(id)) return { kind: 'control', text: tokenizer.piece(id) }
  const bytes = tokenizer.pieceBytes(id)
  try {
    return { kind: 'text', text: strict.decode(bytes) }
  } catch {
    const hex = Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
    return { kind: 'bytes', text: `‹${hex.join(' ')}›` }
  }
}

const SIGNS: Readonly<Record<string, string>> = { ' ': '␣', '\n': '↵', '\t': '⇥', '\r': '␍' }

/** Characters that have no shape of their own. */
const INVISIBLE = /[\p{Z}\p{Cc}\p{Cf}]/u

/** The text in parts, with a sign for each character that cannot be seen. */
export function visibleParts({
  kind,
  text,
}: TokenText): readonly { readonly text: string; readonly isSign: boolean }[] {
  if (kind !== 'text') return [{ text, isSign: false }]
  const parts: { text: string; isSign: boolean }[] = []
  for (const character of text) {
    const isSign = INVISIBLE.test(character)
    const shown = isSign ? (SIGNS[character] ?? `U+${hexOf(character)}`) : character
    const last = parts.at(-1)
    if (last?.isSign === isSign) last.text += shown
    else parts.push({ text: shown, isSign })
  }
  return parts.length > 0 ? parts : [{ text: '∅', isSign: true }]
}

const NAMES: Readonly<Record<string, string>> = {
  ' ': 'space',
  '\n': 'line break',
  '\t': 'tab',
  '\r': 'return',
}

/** For screen readers, which skip signs and white space: `space girl`, `line break`. */
export function spokenText({ kind, text }: TokenText): string {
  if (kind !== 'text') return `${kind === 'bytes' ? 'bytes' : 'control token'} ${text}`
  const words = Array.from(text, (character) =>
    INVISIBLE.test(character) ? ` ${NAMES[character] ?? `U+${hexOf(character)}`} ` : character,
  )
  return words.join('').replace(/\s+/g, ' ').trim() || 'nothing'
}

function hexOf(character: string): string {
  return character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
}

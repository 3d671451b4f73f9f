import type { KeyedStyle } from './formats/keyed-calls.js'
import type { SectionStyle } from './formats/section-calls.js'
import type { TagStyle } from './formats/tagged-calls.js'

/** How calls of a dialect are written. Readers accept more; grammars of calls allow only this. */
export type CallSyntax =
  | JsonSyntax
  /** `others`: styles with other outer tags. */
  | { readonly kind: 'tagged'; readonly style: TagStyle; readonly others?: readonly TagStyle[] }
  | { readonly kind: 'keyed'; readonly style: KeyedStyle }
  | { readonly kind: 'section'; readonly style: SectionStyle }
  | { readonly kind: 'python'; readonly open: string; readonly close: string }
  | { readonly kind: 'mistral' | 'gemma' | 'minimax-m3' }

/** Calls as JSON objects. */
export interface JsonSyntax {
  readonly kind: 'json'
  /** The opening marker; '' if calls begin the reply. */
  readonly open: string
  readonly close?: string
  /** Whether the calls are a list, and whether the opening marker ends with its bracket. Default: single objects. */
  readonly list?: 'closed' | 'opened'
  /** What stands between single objects after one opening marker. Default: one object per marker. */
  readonly separator?: string
  /** The keys of the name and the arguments. Default: `name` and `arguments`. With `''` the name itself is the key. */
  readonly keys?: readonly [name: string, args: string]
  /** Whether an id may come first, and its key. Default: none. */
  readonly idKey?: string
}

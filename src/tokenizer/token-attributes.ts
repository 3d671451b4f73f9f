/** Token types as bits, because llama.cpp makes some tokens control tokens in addition to their type. */
export const NORMAL = 1
export const UNKNOWN = 2
export const CONTROL = 4
/** Always recognized in text, before pre-tokenization. */
export const USER_DEFINED = 8
/** Neither recognized in text nor decoded. */
const UNUSED = 16
export const BYTE = 32

/** Attributes by value of `tokenizer.ggml.token_type`. */
const BY_TYPE = [UNUSED, NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE]

export function attributeOfType(type: number): number {
  return BY_TYPE[type] ?? UNUSED
}

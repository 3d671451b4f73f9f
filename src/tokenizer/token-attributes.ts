/** What kind of token an id is, as bits, since llama.cpp makes some tokens control tokens on top of what they were. */
export const NORMAL = 1
export const UNKNOWN = 2
export const CONTROL = 4
/** Always found in text as it is written, before anything else is cut. */
export const USER_DEFINED = 8
/** Neither found in text nor written. */
export const UNUSED = 16
export const BYTE = 32

/** The attribute of each value of `tokenizer.ggml.token_type`, from 0 on. */
const BY_TYPE = [UNUSED, NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE]

export function attributeOfType(type: number): number {
  return BY_TYPE[type] ?? UNUSED
}

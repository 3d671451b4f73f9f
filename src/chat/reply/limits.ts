/** Limits on what a model writes. Beyond them nothing is lost; it only counts as text. */

/** Characters of one tool call, including markers. */
export const MAX_CALL_LENGTH = 1 << 20
/** Tool calls in one reply. */
export const MAX_CALLS = 128
/** Nesting depth of a call's arguments. */
export const MAX_CALL_DEPTH = 64
/** Characters of a header: channel, recipient, name of a tool. */
export const MAX_HEADER_LENGTH = 256

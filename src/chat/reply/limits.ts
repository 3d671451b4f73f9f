/** Limits on what a model writes. Beyond them nothing is lost, it only counts as text. */

/** Characters of one tool call, markers included. */
export const MAX_CALL_LENGTH = 1 << 20
/** Tool calls in one reply. */
export const MAX_CALLS = 128
/** Objects and arrays within each other in a call's arguments. */
export const MAX_CALL_DEPTH = 64
/** Characters of what stands before a message's text: channel, recipient, name of a tool. */
export const MAX_HEADER_LENGTH = 256

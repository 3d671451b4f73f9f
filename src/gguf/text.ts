// Token strings may hold bytes that are not UTF-8: they become U+FFFD. A byte order mark is text like any other.
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true })

/** Shorter ASCII is put together by hand, which is quicker than a call of the decoder (40 ns instead of 200, Node 20). */
const SHORT = 16

/** The text of the bytes from `start` to `end`. */
export function decodeText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start <= SHORT) {
    let text = ''
    let at = start
    while (at < end && bytes[at] < 0x80) text += String.fromCharCode(bytes[at++])
    if (at === end) return text
  }
  return decoder.decode(bytes.subarray(start, end))
}

/** Text that is kept as bytes until it is asked for, since strings of the engine take up to twice as many. */
export class EncodedText {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  decode(): string {
    return decodeText(this.bytes)
  }
}

/** What opaque texts begin with. */
const PREFIX = 'dasllama:'

/** A text in a form that clients keep and send back without reading it. It is not secret. */
export function toOpaque(text: string): string {
  const bytes = new TextEncoder().encode(text)
  return PREFIX + btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** The text of `toOpaque`; `undefined` for a value that it has not made. */
export function fromOpaque(value: string): string | undefined {
  if (!value.startsWith(PREFIX)) return undefined
  try {
    const bytes = Uint8Array.from(atob(value.slice(PREFIX.length)), (char) => char.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

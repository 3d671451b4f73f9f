/** Stands around a message of several lines, as in ollama. */
const FENCE = '"""'

/** Whether a message that is typed goes on: its last line ends in a backslash, or it has begun with `"""` and not ended so. */
export function isOpen(typed: string): boolean {
  if (typed.startsWith(FENCE)) return !closesFence(typed)
  return typed.endsWith('\\')
}

/** What a message says: without the backslashes at the ends of its lines, or without the `"""` around it. */
export function messageOf(typed: string): string {
  if (typed.startsWith(FENCE)) {
    const text = typed.trimEnd()
    const inner = closesFence(typed) ? text.slice(FENCE.length, -FENCE.length) : text.slice(FENCE.length)
    return inner.replace(/^\n/, '').replace(/\n$/, '')
  }
  return typed.replaceAll('\\\n', '\n')
}

function closesFence(typed: string): boolean {
  const text = typed.trimEnd()
  return text.length >= 2 * FENCE.length && text.endsWith(FENCE)
}

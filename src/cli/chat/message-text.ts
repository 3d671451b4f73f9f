/** Delimits a message of several lines, as in ollama. */
const FENCE = '"""'

/** Whether a typed message continues: its last line ends in a backslash, or its `"""` is not closed. */
export function isOpen(typed: string): boolean {
  if (typed.startsWith(FENCE)) return !closesFence(typed)
  return typed.endsWith('\\')
}

/** The text of a typed message, without the backslashes at line ends or the `"""` around it. */
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

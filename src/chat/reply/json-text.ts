/** Escapes text for a JSON string. */
export function jsonText(text: string): string {
  return text.replace(/["\\]|[^ -\uffff]/g, (unit) => JSON.stringify(unit).slice(1, -1))
}

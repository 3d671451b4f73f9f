import type { CallPart } from '../service/replies.js'

/** Puts calls together from their pieces: Ollama sends them whole, with their arguments as an object. */
export class CallCollector {
  readonly #pending = new Map<number, { readonly id: string; readonly name: string; text: string }>()

  /** The calls that are complete with these pieces. A call that was cut is left out. */
  take(parts: readonly CallPart[]): readonly object[] {
    return parts.flatMap(({ index, begins, argumentsText, isLast }) => {
      if (begins) this.#pending.set(index, { ...begins, text: '' })
      const call = this.#pending.get(index)!
      call.text += argumentsText
      if (!isLast) return []
      this.#pending.delete(index)
      const given = parsed(call.text)
      return given === undefined
        ? []
        : [{ id: call.id, function: { index, name: call.name, arguments: given } }]
    })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text)
  } catch {
    return undefined
  }
}

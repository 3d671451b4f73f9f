/** A part of a schema that is not enforced. */
export interface SchemaNotice {
  /** Location as a JSON pointer in a URI fragment: `#/properties/name/format`. */
  readonly pointer: string
  /** The pointer's last part: the keyword. */
  readonly keyword: string
  /** The effect as a predicate: "is ignored: …". */
  readonly message: string
}

/** Maximum number of notices per schema. */
const MAX_NOTICES = 100

/** Collects notices, one per location. */
export class Notices {
  readonly #found = new Map<string, SchemaNotice>()

  get all(): readonly SchemaNotice[] {
    return [...this.#found.values()]
  }

  add(pointer: string, message: string): void {
    if (this.#found.size >= MAX_NOTICES) return
    const keyword = pointer
      .slice(pointer.lastIndexOf('/') + 1)
      .replaceAll('~1', '/')
      .replaceAll('~0', '~')
    this.#found.set(pointer, { pointer, keyword, message })
  }
}

/** Something that a schema says and that a format does not enforce. */
export interface SchemaNotice {
  /** Where it stands: a JSON pointer as a URI fragment, `#/properties/name/format`. */
  readonly pointer: string
  /** Its last part: the keyword. */
  readonly keyword: string
  /** What becomes of it, as the end of a sentence about it: "is ignored: …". */
  readonly message: string
}

/** Notices of one schema at most. */
const MAX_NOTICES = 100

/** Collects notices, one for each place. */
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

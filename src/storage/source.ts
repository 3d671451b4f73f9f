/** A stretch of a source, and where its bytes are wanted. */
export interface ReadPart {
  /** Where it begins, in bytes from the start of the source. */
  readonly offset: number
  /** As long as the stretch; may be a view of WebAssembly memory. */
  readonly target: Uint8Array
}

/** Random access to the bytes of one file, wherever they are. Callers copy exactly what they need, where they need it. */
export interface ByteSource {
  /** For messages: a path, a URL, or `bytes`. */
  readonly name: string
  /** Length in bytes. */
  readonly size: number
  /**
   * Fills `target` with the bytes from `offset` on. `target` may be a view of WebAssembly memory.
   * Rejects with `TRUNCATED` when the source ends first, `IO` when reading fails, or the signal's reason.
   */
  read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void>
  /**
   * Fills several targets in one go, where that is cheaper than one by one: stretches that lie close together, in
   * ascending order, none over another. Rejects as `read` does. Absent where it would save nothing.
   */
  readParts?(parts: readonly ReadPart[], signal?: AbortSignal): Promise<void>
  /**
   * Rejects with `IO` when the file is known to have changed since it was opened. Absent where that cannot be found out, or
   * where each read finds it out.
   */
  checkUnchanged?(): Promise<void>
  /** What the content is told apart by from another one of the same name, where that is known. */
  readonly version?: string | undefined
  /** Opens a neighbour by file name (the other parts of a split model); absent where there are no neighbours. */
  sibling?(fileName: string): Promise<ByteSource>
  close(): Promise<void>
}

/** A range of a source and the target for its bytes. */
export interface ReadPart {
  /** Offset in the source, in bytes. */
  readonly offset: number
  /** Has the range's length; may be a view of WebAssembly memory. */
  readonly target: Uint8Array
}

/** Random access to the bytes of one file, wherever it is stored. Reads write directly into the caller's target. */
export interface ByteSource {
  /** For messages: a path, a URL, or `bytes`. */
  readonly name: string
  /** Length in bytes. */
  readonly size: number
  /**
   * Fills `target` with the bytes from `offset` on. `target` may be a view of WebAssembly memory.
   * Rejects with `TRUNCATED` if the source ends first, `IO` if reading fails, or the signal's reason.
   */
  read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void>
  /**
   * Fills several targets at once, for sources where that is cheaper than single reads: ranges that are close together,
   * ascending and disjoint. Rejects as `read` does. Optional.
   */
  readParts?(parts: readonly ReadPart[], signal?: AbortSignal): Promise<void>
  /**
   * Rejects with `IO` if the file is known to have changed since it was opened. Absent if that cannot be detected or every
   * read detects it.
   */
  checkUnchanged?(): Promise<void>
  /** Identifies the version of the content, if known. */
  readonly version?: string | undefined
  /** Whether reads are cheap only one after another and in ascending order. Default false. */
  readonly isSequential?: boolean | undefined
  /** Opens a file in the same folder by name (another part of a split model); absent if not supported. */
  sibling?(fileName: string): Promise<ByteSource>
  /** Releases what the source holds; no read follows. */
  close(): Promise<void>
}

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
  /** Opens a neighbour by file name (the other parts of a split model); absent where there are no neighbours. */
  sibling?(fileName: string): Promise<ByteSource>
  close(): Promise<void>
}

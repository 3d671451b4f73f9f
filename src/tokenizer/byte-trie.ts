import { PairTable } from './pair-table.js'

/** Byte strings with a number each, as a tree: the root is node 0. */
export class ByteTrie {
  /** The child of a node by byte. */
  readonly #children = new PairTable(0)
  /** By node: its byte string's number, or -1 if it is only the beginning of others. */
  readonly #values = [-1]

  /** Adds a byte string, which is not empty and not there yet. */
  add(bytes: Uint8Array, value: number): void {
    let node = 0
    for (const byte of bytes) {
      let child = this.#children.get(node, byte)
      if (child < 0) {
        child = this.#values.push(-1) - 1
        this.#children.add(node, byte, child)
      }
      node = child
    }
    this.#values[node] = value
  }

  /** The child of a node, or -1. */
  child(node: number, byte: number): number {
    return this.#children.get(node, byte)
  }

  /** The number of the byte string that ends at a node, or -1. */
  value(node: number): number {
    return this.#values[node]
  }
}

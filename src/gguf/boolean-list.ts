/** A list of booleans, one byte each. */
export class BooleanList {
  readonly length: number
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.length = bytes.length
    this.bytes = bytes
  }

  /** `undefined` beyond the end. */
  at(index: number): boolean | undefined {
    return index >= 0 && index < this.length ? this.bytes[index] === 1 : undefined
  }
}

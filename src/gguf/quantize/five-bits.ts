/** 32 values of 5 bits: the fifth bits as a u32, then bytes with the lower four of elements i and i + 16. */
export function writeFiveBits(bytes: Uint8Array, at: number, quant: (index: number) => number): void {
  let high = 0
  for (let i = 0; i < 16; i++) {
    const [low, upper] = [quant(i), quant(i + 16)]
    bytes[at + 4 + i] = (low & 15) | ((upper & 15) << 4)
    high |= ((low >> 4) << i) | ((upper >> 4) << (i + 16))
  }
  for (let i = 0; i < 4; i++) bytes[at + i] = high >>> (8 * i)
}

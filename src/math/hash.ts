/**
 * MurmurHash3, 32 bits: detects accidental changes, not attacks. Any change within one aligned word changes the hash.
 * To hash in pieces, pass the previous piece's hash as `seed`. Source: Appleby 2011.
 */
export function hash32(bytes: Uint8Array, seed = 0): number {
  const { byteLength } = bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, byteLength)
  const whole = byteLength & ~3
  let hash = seed
  for (let at = 0; at < whole; at += 4) hash = mixed(hash ^ scrambled(view.getUint32(at, true)))
  let rest = 0
  for (let at = byteLength - 1; at >= whole; at--) rest = (rest << 8) | bytes[at]
  hash ^= scrambled(rest) ^ byteLength
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function scrambled(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51)
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593)
}

function mixed(hash: number): number {
  return (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
}

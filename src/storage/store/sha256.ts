/**
 * SHA-256 of bytes that arrive in pieces (FIPS 180-4, section 6.2). WebCrypto hashes only whole buffers, and a model does not fit
 * in one.
 */

/** A digest of bytes that arrive in pieces. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** The digest in lowercase hexadecimal; the last call. */
  hex(): string
}

const BLOCK_BYTES = 64

export class Sha256 implements Hasher {
  readonly #state = Int32Array.of(
    0x6a09e667,
    0xbb67ae85,
    0x3c6ef372,
    0xa54ff53a,
    0x510e527f,
    0x9b05688c,
    0x1f83d9ab,
    0x5be0cd19,
  )
  /** The message schedule W. */
  readonly #schedule = new Int32Array(64)
  /** The beginning of a block that is not complete yet. */
  readonly #rest = new Uint8Array(BLOCK_BYTES)
  #restBytes = 0
  #length = 0

  update(bytes: Uint8Array): void {
    this.#length += bytes.length
    let taken = 0
    if (this.#restBytes > 0) {
      taken = Math.min(BLOCK_BYTES - this.#restBytes, bytes.length)
      this.#rest.set(bytes.subarray(0, taken), this.#restBytes)
      this.#restBytes += taken
      if (this.#restBytes < BLOCK_BYTES) return
      this.#compress(this.#rest)
      this.#restBytes = 0
    }
    const blocks = bytes.length - ((bytes.length - taken) % BLOCK_BYTES)
    this.#compress(bytes.subarray(taken, blocks))
    this.#rest.set(bytes.subarray(blocks))
    this.#restBytes = bytes.length - blocks
  }

  hex(): string {
    const bits = this.#length * 8
    const padding = new Uint8Array((this.#restBytes < 56 ? 64 : 128) - this.#restBytes)
    padding[0] = 0x80
    const view = new DataView(padding.buffer)
    view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32))
    view.setUint32(padding.length - 4, bits >>> 0)
    this.update(padding)
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  /** `bytes`: whole blocks. */
  #compress(bytes: Uint8Array): void {
    const state = this.#state
    const w = this.#schedule
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + 4 * t)
      for (let t = 16; t < 64; t++) {
        const x = w[t - 15]
        const y = w[t - 2]
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
        w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0
      }
      let a = state[0]
      let b = state[1]
      let c = state[2]
      let d = state[3]
      let e = state[4]
      let f = state[5]
      let g = state[6]
      let h = state[7]
      for (let t = 0; t < 64; t++) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
        h = g
        g = f
        f = e
        e = (d + t1) | 0
        d = c
        c = b
        b = a
        a = (t1 + t2) | 0
      }
      state[0] += a
      state[1] += b
      state[2] += c
      state[3] += d
      state[4] += e
      state[5] += f
      state[6] += g
      state[7] += h
    }
  }
}

/** The digest of a text's UTF-8 bytes. */
export function sha256OfText(text: string): string {
  const hasher = new Sha256()
  hasher.update(new TextEncoder().encode(text))
  return hasher.hex()
}

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const K = /* @__PURE__ */ Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
)

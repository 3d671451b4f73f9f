import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/backend/wasm/engine.js'
import type { TensorInfo } from '../../src/gguf/model-file.js'
import { openGguf } from '../../src/gguf/reader.js'
import { str, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { TensorSamples } from '../../src/model/identity.js'
import { Network } from '../../src/model/network.js'
import { platform } from '../../src/platform/node/platform.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { SMALL, smallModel, smallParts } from './small.js'

async function identityOf(bytes: Uint8Array, name = 'm.gguf', skip = 0): Promise<string> {
  const engine = await createEngine(await platform.loadKernels())
  if (skip > 0) engine.arena.allocate(skip, 'a test')
  return (await Network.load(await openGguf(bytesSource(bytes, name)), engine)).identity
}

describe('the identity of a model', () => {
  it('is written down: states on disk depend on it', async () => {
    expect(await identityOf(smallModel())).toBe('2cecf376909394dc')
  })

  it('is the same wherever the model lies, whatever it is called, in whichever order its tensors come', async () => {
    const identity = await identityOf(smallModel())
    expect(identity).toMatch(/^[0-9a-f]{16}$/)
    expect(await identityOf(smallModel(), 'other.gguf', 12345)).toBe(identity)
    expect(await identityOf(smallModel({ metadata: [['general.name', str('another')]] }))).toBe(identity)
    expect(await identityOf(smallModel({ metadata: [['llama.context_length', u32(99)]] }))).toBe(identity)
    const parts = smallParts()
    expect(await identityOf(writeGguf({ ...parts, tensors: [...parts.tensors].reverse() }))).toBe(identity)
  })

  it.each([
    ['the weights', { seed: 2 }],
    ['the block format', { format: 'F16' }],
    ['the layers', { shape: { ...SMALL.shape, layers: 1 } }],
    ['the rotary base', { ropeBase: 20_000 }],
    ['the rotary scaling', { ropeScaling: { type: 'linear', factor: 2 } }],
    ['biases', { biases: true }],
    ['a tied output', { tied: true }],
  ] as const)('changes with %s', async (_, options) => {
    expect(await identityOf(smallModel(options as object))).not.toBe(await identityOf(smallModel()))
  })

  it('changes with a row of weights in any one tensor, large ones included', async () => {
    // An embedding of 1.5 MB, of which a row is 1536 bytes.
    const parts = smallParts({ shape: { ...SMALL.shape, embed: 384, headDim: 64, vocab: 1000 } })
    const original = await identityOf(writeGguf(parts))
    for (const [index, { name, data }] of parts.tensors.entries()) {
      const changed = (typeof data === 'function' ? data() : data).slice()
      const middle = Math.floor(changed.length / 2)
      for (let i = middle; i < Math.min(changed.length, middle + 1536); i++) changed[i] ^= 1
      const tensors = parts.tensors.map((tensor, i) => (i === index ? { ...tensor, data: changed } : tensor))
      expect(await identityOf(writeGguf({ ...parts, tensors })), name).not.toBe(original)
    }
  })
})

describe('samples of tensors', () => {
  const bytes = Uint8Array.from({ length: 2 ** 20 + 6 }, (_, i) => (i * 31) ^ (i >> 8) ^ (i >> 16))
  const of = (byteLength: number) => ({ byteLength }) as TensorInfo

  function sampled(tensor: TensorInfo, cuts: readonly number[]): Uint8Array {
    const samples = new TensorSamples()
    const borders = [0, ...cuts, tensor.byteLength]
    // Pieces come in any order.
    for (let i = borders.length - 2; i >= 0; i--) {
      samples.take(tensor, borders[i], bytes.slice(borders[i], borders[i + 1]))
    }
    return samples.of(tensor)
  }

  it.each([2 ** 14, 2 ** 18, 2 ** 18 + 2, 2 ** 20, 2 ** 20 + 6])(
    'of %i bytes are the same in whichever pieces they come',
    (length) => {
      const tensor = of(length)
      const whole = sampled(tensor, [])
      expect(whole.length).toBe(
        Math.ceil(length / (length <= 2 ** 14 ? 4 : length <= 2 ** 18 ? 64 : 1024)) * 4,
      )
      expect(whole.some((byte) => byte !== 0)).toBe(true)
      for (const cuts of [[1024], [1020, 1028], [16, 20, 2 ** 13 + 4, 2 ** 14 - 4]]) {
        expect(Buffer.compare(sampled(tensor, cuts), whole)).toBe(0)
      }
    },
  )

  it('are words of the file', () => {
    const whole = sampled(of(2 ** 20), [])
    for (const word of [0, 1, 7, 1023]) {
      expect(whole.slice(word * 4, word * 4 + 4)).toEqual(bytes.slice(word * 1024, word * 1024 + 4))
    }
  })
})

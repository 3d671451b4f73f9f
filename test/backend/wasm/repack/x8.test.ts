import { describe, expect, it } from 'vitest'
import { createEngine, createThreadedEngine, type Engine } from '../../../../src/backend/wasm/engine.js'
import type { WasmExecutable } from '../../../../src/backend/wasm/executable.js'
import type { Kernels, Pointer } from '../../../../src/backend/wasm/kernels.js'
import type { ThreadHost } from '../../../../src/backend/wasm/threads.js'
import { Weights } from '../../../../src/backend/wasm/weights.js'
import { openGguf } from '../../../../src/gguf/reader.js'
import { TensorSamples } from '../../../../src/gguf/tensor-samples.js'
import { u32 } from '../../../../src/gguf/typed-value.js'
import { writeGguf } from '../../../../src/gguf/writer.js'
import { modelIdentity } from '../../../../src/model/identity.js'
import { planModel } from '../../../../src/model/plan.js'
import { platform } from '../../../../src/platform/node/platform.js'
import { bytesSource } from '../../../../src/storage/bytes.js'
import type { ByteSource } from '../../../../src/storage/source.js'
import { SMALL, smallModel, smallParts } from '../../../model/small.js'
import type { RandomModelOptions } from '../../../support/random-model/random-model.js'
import { append, decode, load } from '../load.js'

const KERNELS = await platform.loadKernels()
/** In which decode of Q4_K has the same bits with and without repacking. */
const RELAXED = await platform.loadKernels('relaxed')

function withoutRepacking(engine: Engine): Engine {
  const x8_format: Kernels['x8_format'] = () => 0
  return { ...engine, kernels: { ...engine.kernels, x8_format } }
}

/** Logits after a prompt, and after single tokens. */
async function logitsOf(executable: WasmExecutable): Promise<Float32Array[]> {
  const memory = executable.createMemory('f16')
  const prompt = Array.from({ length: 21 }, (_, i) => (i * 37 + 5) % 400)
  return [
    await append(executable, memory, prompt, 'prefill'),
    ...(await decode(executable, memory, [7, 399])),
  ]
}

/** The model's identity, from the bytes that an engine is given. */
async function identityOf(bytes: Uint8Array, engine: Engine): Promise<string> {
  const file = await openGguf(bytesSource(bytes, 'm.gguf'))
  const samples = new TensorSamples()
  await load(bytes, {
    engine,
    onBytes: (tensor, start, piece) => samples.take(file.tensors.get(tensor.name)!, start, piece),
  })
  return modelIdentity(planModel(file), file, samples)
}

/** Matrices of 96, 32 and 160 rows, and of vocab rows. */
const shape = SMALL.shape
const MODELS: readonly [string, Partial<RandomModelOptions>][] = [
  ['whose numbers of rows are all multiples of eight', { format: 'Q4_0' }],
  ['whose output is its embedding', { format: 'Q4_0', tied: true }],
  ['with odd numbers of rows', { format: 'Q4_0', shape: { ...shape, vocab: 403, feedForward: 160 } }],
  [
    'with an odd embedding that is its output',
    { format: 'Q4_0', tied: true, shape: { ...shape, vocab: 401 } },
  ],
  ['of fused matrices', { format: 'Q4_0', fused: ['attn_qkv', 'ffn_up'] }],
  [
    'of fused matrices that are cut within groups of eight rows',
    {
      format: 'Q4_0',
      fused: ['attn_qkv', 'ffn_up'],
      biases: true,
      shape: { ...shape, heads: 8, kvHeads: 1, headDim: 12 },
    },
  ],
  ['of several formats', { format: (name) => (/attn_|ffn_up/.test(name) ? 'Q4_0' : 'Q8_0') }],
]

/** Super-blocks have 256 columns. */
const WIDE_ROWS = { ...shape, embed: 256, heads: 4, kvHeads: 2, headDim: 64, feedForward: 512 }

const CASES: readonly (readonly [string, Partial<RandomModelOptions>, typeof KERNELS])[] = [
  ...MODELS.map(([what, options]) => [`a Q4_0 model ${what}`, options, KERNELS] as const),
  ['a Q4_K model', { format: 'Q4_K', shape: WIDE_ROWS }, RELAXED],
  ['a Q4_K model with odd numbers of rows', { format: 'Q4_K', shape: { ...WIDE_ROWS, vocab: 403 } }, RELAXED],
]

describe.each(CASES)('%s', (_, options, kernels) => {
  const bytes = smallModel(options)

  it('gives the same logits and has the same identity as without repacking', async () => {
    const [repacked, plain] = [await createEngine(kernels), withoutRepacking(await createEngine(kernels))]
    expect(await logitsOf(await load(bytes, { engine: repacked }))).toEqual(
      await logitsOf(await load(bytes, { engine: plain })),
    )
    expect(await identityOf(bytes, repacked)).toBe(await identityOf(bytes, plain))
  })

  it('takes no more memory', async () => {
    const [repacked, plain] = [await createEngine(kernels), withoutRepacking(await createEngine(kernels))]
    await load(bytes, { engine: repacked })
    await load(bytes, { engine: plain })
    expect(repacked.arena.bytesInUse).toBe(plain.arena.bytesInUse)
  })

  it('is repacked the same by three threads as by one', async () => {
    const engine = await createThreadedEngine(kernels as Uint8Array, 3, platform.threads as ThreadHost)
    try {
      const executable = await load(bytes, { engine })
      expect(await logitsOf(executable)).toEqual(
        await logitsOf(await load(bytes, { engine: await createEngine(kernels) })),
      )
    } finally {
      engine.pool.shutDown()
    }
  })
})

describe('matrices longer than what is read at a time', () => {
  it('are repacked in pieces', async () => {
    const engine = await createEngine(KERNELS)
    const { arena, kernels } = engine
    // 33 MB; a piece is not a multiple of its rows.
    const vocab = 608_000
    const format = (name: string) => (name === 'token_embd.weight' ? 'Q4_0' : 'F32')
    const parts = smallParts({ format, tied: true })
    const data = new Uint8Array((vocab * 96 * 18) / 32)
    for (let i = 0; i < data.length; i++) data[i] = (i * 31) ^ (i >> 8) ^ (i >> 16)
    const tensors = parts.tensors.map((tensor) =>
      tensor.name === 'token_embd.weight' ? { ...tensor, shape: [96, vocab], data } : tensor,
    )
    const metadata = new Map(parts.metadata).set('llama.vocab_size', u32(vocab))
    metadata.delete('tokenizer.ggml.tokens')
    const file = await openGguf(bytesSource(writeGguf({ metadata, tensors }), 'm.gguf'))
    const { program } = planModel(file)
    const weights = new Weights(file, program, engine)
    const base = arena.allocate(weights.bytes, 'a test')
    let heard = 0
    await weights.load(base, (_, __, { length }) => {
      heard += length
    })
    expect(heard).toBe(weights.fileBytes)
    const embedding = weights.matrix(program.logits!.matrix)
    expect(embedding.format).not.toBe(file.tensors.get('token_embd.weight')!.format)
    const rowBytes = 54
    const out = arena.allocate(4 * 96, 'a test')
    const plain = arena.allocate(rowBytes, 'a test')
    const values = () => arena.bytes(out, 4 * 96).slice()
    for (let row = 0; row < vocab; row += row > 310_000 && row < 311_400 ? 1 : 997) {
      arena.bytes(plain, rowBytes).set(data.subarray(row * rowBytes, (row + 1) * rowBytes))
      kernels.dequantize(2, plain as Pointer, out, 96)
      const expected = values()
      kernels.dequantize_row(embedding.format.id, embedding.pointer, rowBytes, row, out, 96)
      expect(Buffer.compare(values(), expected), `row ${row}`).toBe(0)
    }
  })
})

describe('tensors that are still being read while others are repacked', () => {
  it('arrive at their addresses, even if memory must grow', async () => {
    const bytes = smallModel({ format: 'Q4_0' })
    const source = bytesSource(bytes, 'm.gguf')
    let reads = 0
    const slow: ByteSource = {
      ...source,
      async read(offset, target, signal) {
        // Later reads finish before earlier ones.
        await new Promise((resolve) => setTimeout(resolve, 1 + 3 * (reads++ % 4)))
        return source.read(offset, target, signal)
      },
    }
    const engine = await createEngine(KERNELS)
    const { arena } = engine
    const file = await openGguf(slow)
    const plan = new Weights(file, planModel(file).program, engine)
    // The weights end at the end of memory.
    const start = arena.allocate(64, 'a test')
    const pages = Math.ceil((start + 64 + plan.bytes) / 65536 + 1)
    arena.memory.grow(Math.max(0, pages - arena.memory.buffer.byteLength / 65536))
    arena.allocate(arena.memory.buffer.byteLength - plan.bytes - (start + 64), 'a test')
    const base = arena.allocate(plan.bytes, 'a test')
    expect(base + plan.bytes).toBe(arena.memory.buffer.byteLength)
    const arrived = new Map<string, number>()
    await plan.load(base, (tensor, start, piece) => {
      const at = tensor.offset + start
      expect(Buffer.compare(piece, bytes.subarray(at, at + piece.length))).toBe(0)
      arrived.set(tensor.name, (arrived.get(tensor.name) ?? 0) + piece.length)
    })
    expect([...arrived.values()].reduce((sum, length) => sum + length)).toBe(plan.fileBytes)
  })
})

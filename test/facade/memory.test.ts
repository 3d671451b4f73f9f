import { afterEach, describe, expect, it, vi } from 'vitest'
import { ggufChunks } from '../../src/gguf/writer.js'
import { inspectModel, type LoadOptions, loadModel, loadTokenizer, type Session } from '../../src/index.js'
import { SMALL, smallModel, smallParts } from '../model/small.js'
import { hugeSource, watchedSource } from './sources.js'

/** The header of a model whose weights take `tensorBytes` or a little more, and the size of the whole file. */
function hugeModel(feedForward: number) {
  const shape = { embed: 4096, layers: 8, heads: 32, feedForward, vocab: 400, context: 2048 }
  const parts = smallParts({ shape, format: 'F32' })
  const header = ggufChunks(parts).next().value as Uint8Array
  const size = parts.tensors.reduce(
    (sum, { shape }) => sum + shape.reduce((product, dimension) => product * dimension, 1) * 4,
    header.length,
  )
  return hugeSource(header, size + 32 * parts.tensors.length)
}

afterEach(() => vi.unstubAllGlobals())

describe('memory', () => {
  it('that is too little is refused before a weight is read', async () => {
    const bytes = smallModel()
    const opening = watchedSource(bytes)
    await loadTokenizer(opening.source)
    const { source, state } = watchedSource(bytes)
    await expect(loadModel(source, { memoryLimit: 2 ** 20 })).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'OUT_OF_MEMORY',
      message: expect.stringMatching(
        /^watched\.gguf needs \d+\.\d MiB of memory .* and \d\.\d MiB are allowed$/,
      ),
      hint: expect.stringContaining('memoryLimit'),
    })
    expect(state).toEqual(opening.state)
  })

  it('is counted with a session’s, whose context decides', async () => {
    const bytes = smallModel()
    // Weights and scratch take about 1.3 MiB; a cache of 65,536 positions takes 16 MiB.
    const limit = { memoryLimit: 4 * 2 ** 20 }
    const model = await loadModel(bytes, { ...limit, contextLength: 100 })
    expect(model.memoryBytes).toBeLessThan(4 * 2 ** 20)
    await expect(loadModel(bytes, { ...limit, contextLength: 65536 })).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      hint: expect.stringContaining('contextLength'),
    })
    const sessions: Session[] = []
    const fill = async () => {
      for (;;) {
        sessions.push(model.createSession())
        await sessions.at(-1)?.eval([1, 2, 3])
      }
    }
    await expect(fill()).rejects.toEqual(expect.objectContaining({ code: 'OUT_OF_MEMORY' }))
    expect(sessions.length).toBeGreaterThan(10)
    // Who has the memory, and what to do about it.
    const open = sessions.length + 1
    await expect(fill()).rejects.toEqual(
      expect.objectContaining({
        message: expect.stringMatching(
          new RegExp(`; ${open} open sessions hold \\d\\.\\d MiB of the 4\\.0 MiB`),
        ),
        hint: expect.stringMatching(/^call dispose\(\) on sessions and chats .*`using`/),
      }),
    )
    expect(model.memoryBytes).toBeLessThanOrEqual(4 * 2 ** 20)
  })

  it('of more than one memory is refused before a weight is read, with what does not fit', async () => {
    const huge = hugeModel(11_008)
    expect(huge.size).toBeGreaterThan(2 ** 32)
    const cases: readonly [LoadOptions, RegExp, string][] = [
      [
        { memoryLimit: 2 ** 32 },
        /^huge\.gguf needs \d{4}\.\d MiB of memory .* and 409\d\.\d MiB are allowed$/,
        'memoryLimit',
      ],
      [
        { memoryLimit: 2 ** 32 + 2 ** 20 },
        /^huge\.gguf needs \d{4}\.\d MiB in 2 memories, and 409\d\.\d MiB are allowed$/,
        'memoryLimit',
      ],
      [
        { memorySize: 2 ** 29 },
        /^huge\.gguf: layer 0 alone needs \d{3}\.\d MiB with its cache and scratch, and one memory has 51\d\.\d MiB$/,
        'memorySize',
      ],
    ]
    for (const [options, message, hint] of cases) {
      await expect(loadModel(huge, options)).rejects.toMatchObject({
        code: 'OUT_OF_MEMORY',
        message: expect.stringMatching(message),
        hint: expect.stringContaining(hint),
      })
    }
  })

  it('that the runtime refuses is told with what it has granted', async () => {
    const { Memory } = WebAssembly
    const model = smallModel({ shape: { ...SMALL.shape, layers: 4 } })
    let asked = 0
    class Refused extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        // The engine's first memory is granted.
        if (asked++ > 0) throw new RangeError('could not allocate memory')
        super(descriptor)
      }
    }
    vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Memory: Refused }))
    await expect(
      loadModel(model, { memorySize: 3 * 2 ** 20, contextLength: 2048, threads: 1 }),
    ).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      message: expect.stringMatching(
        /bytes needs 2 memories, of \d\.\d MiB and \d\.\d MiB; this runtime has granted only the first of them: .*could not allocate memory$/,
      ),
      hint: expect.stringContaining('memorySize'),
    })
  })

  it('of a huge model is told by inspectModel, which reads no weight either', async () => {
    const { memory, tensorBytes, problems } = await inspectModel(hugeModel(11_008))
    const [first, second] = memory!.memories
    expect([first.firstLayer, second.firstLayer + second.layers]).toEqual([0, 8])
    expect(first.modelBytes + second.modelBytes).toBe(memory!.modelBytes)
    expect(first.sessionBytes + second.sessionBytes).toBe(memory!.sessionBytes)
    expect(problems).toEqual([])
    expect(tensorBytes).toBeGreaterThan(2 ** 32)
    expect(memory!.modelBytes).toBeGreaterThan(tensorBytes)
    expect(memory!.modelBytes).toBeLessThan(1.02 * tensorBytes)
    expect(memory!.sessionBytes).toBe(2 * 8 * 2048 * 4096 * 2)
  })

  it('reported by inspectModel is what a loaded model takes', async () => {
    const bytes = smallModel({ format: 'Q8_0' })
    const { memory } = await inspectModel(bytes)
    const model = await loadModel(bytes)
    expect(model.memoryBytes).toBeLessThanOrEqual(memory!.modelBytes)
    // Each of some twenty allocations may need up to 64 bytes less, by where the one before it ends.
    expect(model.memoryBytes).toBeGreaterThan(memory!.modelBytes - 1536)
    const before = model.memoryBytes
    using session = model.createSession()
    await session.eval(new Array(model.contextLength).fill(9))
    expect(Math.abs(model.memoryBytes - before - memory!.sessionBytes)).toBeLessThan(64)
    expect(memory!.contextLength).toBe(model.contextLength)
  })
})

import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Executable } from '../../../src/backend/executable.js'
import { relativeBucket } from '../../../src/backend/wasm/encoder/biases.js'
import { Slicer } from '../../../src/backend/wasm/slicer.js'
import { bool } from '../../../src/gguf/typed-value.js'
import { pacer } from '../../../src/platform/pacer.js'
import { bucketOf } from '../../model/reference-text.js'
import { smallModel, VOCAB } from '../../model/small.js'
import { behindChannel } from '../../support/behind-channel.js'
import { engineOf, load, someIds } from './load.js'

const ENCODER = smallModel({ hyperparameters: { 'attention.causal': bool(false) }, format: 'Q8_0' })
const IDS = someIds(300, VOCAB, 3)

afterEach(() => vi.restoreAllMocks())

/** The hidden states of some positions. */
async function statesOf(
  executable: Pick<Executable, 'runText'>,
  ids: readonly number[] = IDS,
  outputs: readonly number[] = [0, 127, 128, ids.length - 1].filter((row) => row < ids.length),
): Promise<Float32Array[]> {
  const states: Float32Array[] = []
  await executable.runText({ ids, outputs }, (_, values) => void states.push(values.slice()))
  expect(states).toHaveLength(outputs.length)
  return states
}

describe("a text's bits", () => {
  it.each([1, 2])('do not depend on slices, on %d threads', async (threads) => {
    const executable = await load(ENCODER, { engine: await engineOf({ threads }) })
    const alone = await statesOf(await load(ENCODER))
    const slices = vi.spyOn(Slicer.prototype, 'slices')
    for (const count of [1, 3, 1000]) {
      slices.mockReturnValue(count)
      expect(await statesOf(executable)).toEqual(alone)
    }
    await executable.dispose()
  })

  it('do not depend on other texts, nor on which positions are asked for', async () => {
    const executable = await load(ENCODER)
    const [one, other] = await Promise.all([statesOf(executable), statesOf(executable, IDS.slice(0, 130))])
    expect(await statesOf(executable, IDS.slice(0, 130))).toEqual(other)
    expect(await statesOf(executable, IDS, [128])).toEqual([one[2]])
    expect(await statesOf(executable, IDS, [])).toEqual([])
  })

  it('are the same in a Worker', async () => {
    const direct = await load(ENCODER)
    const { remote } = behindChannel(await load(ENCODER))
    expect(remote.isEncoder).toBe(true)
    expect(await statesOf(remote)).toEqual(await statesOf(direct))
    await expect(statesOf(remote, [VOCAB])).rejects.toThrow('token 0')
    await remote.dispose()
    await expect(statesOf(remote)).rejects.toThrow('disposed')
  })
})

describe('the memory of a text', () => {
  it('is freed when it ends, is aborted or fails', async () => {
    const executable = await load(ENCODER)
    const before = executable.bytesInUse
    const expected = await statesOf(executable)
    expect(executable.bytesInUse).toBe(before)
    vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const controller = new AbortController()
    const pauses = vi.spyOn(pacer, 'pause').mockImplementation(async () => {
      expect(executable.bytesInUse).toBeGreaterThan(before)
      if (pauses.mock.calls.length === 5) controller.abort(new Error('enough'))
    })
    const text = { ids: IDS, outputs: [0], signal: controller.signal }
    await expect(executable.runText(text, () => {})).rejects.toThrow('enough')
    expect(executable.bytesInUse).toBe(before)
    vi.restoreAllMocks()
    const failing = executable.runText({ ids: IDS, outputs: [0] }, () => {
      throw new Error('not taken')
    })
    await expect(failing).rejects.toThrow('not taken')
    expect(executable.bytesInUse).toBe(before)
    expect(await statesOf(executable)).toEqual(expected)
  })

  it('is checked before it starts', async () => {
    const executable = await load(ENCODER, { engine: await engineOf({ memoryLimit: 2 ** 22 }) })
    const before = executable.bytesInUse
    const ids = Array.from({ length: 20_000 }, () => 1)
    await expect(executable.runText({ ids, outputs: [0] }, () => {})).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      message: expect.stringContaining('20000 tokens'),
    })
    expect(executable.bytesInUse).toBe(before)
    await statesOf(executable, [1, 2, 3])
  })
})

describe('mistakes', () => {
  it('encoders run texts, and only they do', async () => {
    const executable = await load(ENCODER)
    const batch = { ids: [1], positions: [0], runs: [], outputs: [] }
    await expect(executable.run(batch, () => {})).rejects.toThrow('whole texts')
    const causal = await load(smallModel())
    expect(causal.isEncoder).toBe(false)
    await expect(statesOf(causal)).rejects.toThrow('only encoders')
    await expect(causal.runPooledHead(new Float32Array(96))).rejects.toThrow('nothing that follows pooling')
  })

  it.each([
    [{ ids: [], outputs: [] }, 'no tokens'],
    [{ ids: [1, -1], outputs: [] }, 'token 1'],
    [{ ids: [1], outputs: [1] }, 'output 1'],
    [{ ids: [1, 2], outputs: [1, 0] }, 'output 0'],
  ])('%o is rejected', async (text, message) => {
    await expect((await load(ENCODER)).runText(text, () => {})).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    })
  })
})

it("T5's buckets are those of its paper's code", () => {
  for (const buckets of [8, 16, 32, 64]) {
    for (let distance = -300; distance <= 300; distance++) {
      expect(relativeBucket(distance, buckets), `${distance} of ${buckets}`).toBe(bucketOf(distance, buckets))
    }
  }
  // Ranges of 32 buckets begin at 8 · 2^(n/2).
  expect([0, 7, 8, 11, 12, 16, 23, 32, 64, 91, 127, 500].map((d) => relativeBucket(-d, 32))).toEqual([
    0, 7, 8, 8, 9, 10, 11, 12, 14, 15, 15, 15,
  ])
})

import { expect, it } from 'vitest'
import { batchOf, type Phase } from '../../src/backend/batch.js'
import { createEngine } from '../../src/backend/wasm/engine.js'
import { WasmExecutable } from '../../src/backend/wasm/executable.js'
import { openGguf } from '../../src/gguf/reader.js'
import { f32, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { type Config, type Family, loadModel, readConfig, registerFamily } from '../../src/index.js'
import { planModel } from '../../src/model/plan.js'
import { platform } from '../../src/platform/node/platform.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { relativeDifference } from '../support/logits.js'
import { type RandomModelOptions, randomModel } from '../support/random-model/random-model.js'
import { randomIds } from '../support/random-models.js'
import { ReferenceModel, ReferenceSequence } from './reference.js'

interface InventedConfig extends Config {
  readonly window: number
  readonly residualScale: number
}

/**
 * Like no family of this package: attention and feed-forward beside each other, each of them optionally normed; the gate is
 * a product of three; half of each head rotates, and every other layer has a window; the output has another name.
 */
const invented: Family<InventedConfig> = {
  architectures: ['invented'],
  hyperparameters(reader) {
    return {
      ...readConfig(reader, { ropeType: 'neox' }),
      window: reader.count('window'),
      residualScale: reader.real('residual_scale', 1),
    }
  },
  build(b, h) {
    let x = b.rmsNorm(b.scale(b.embed('token_embd'), 4), 'token_embd_norm')
    for (const l of b.layers()) {
      const n = l.rmsNorm(x, 'attn_norm')
      const { q, k, v } = l.qkv(n)
      const dims = h.headDim / 2
      const attended = l.attention(
        l.rope(q, { dims }),
        l.rope(l.headNorm(k, 'attn_k_norm'), { dims, theta: 500 }),
        l.has('attn_v_norm.weight') ? l.headNorm(v, 'attn_v_norm') : v,
        { window: l.layer % 2 === 0 ? h.window : undefined, scale: 0.3 },
      )
      const [gate, up, third] = l.linears(n, 'ffn_in', [
        { name: 'ffn_one', rows: h.feedForwardLength },
        { name: 'ffn_two', rows: h.feedForwardLength },
        { name: 'ffn_three', rows: h.feedForwardLength },
      ])
      const fed = l.multiply(l.multiply(l.gelu(gate), l.silu(up)), third)
      const both = l.add(
        l.linear(attended, 'attn_output', h.embeddingLength),
        l.linear(fed, 'ffn_down', h.embeddingLength),
      )
      x = l.add(x, l.scale(both, h.residualScale))
    }
    b.logits(b.rmsNorm(x, 'last_norm'), { tied: 'head', softcap: 20 })
  },
}

registerFamily(invented)

const OPTIONS: RandomModelOptions = {
  architecture: 'invented',
  shape: {
    embed: 96,
    layers: 3,
    heads: 6,
    kvHeads: 2,
    headDim: 24,
    feedForward: 128,
    vocab: 411,
    context: 512,
  },
  format: 'F32',
  tied: true,
  hyperparameters: { window: u32(7), residual_scale: f32(0.5) },
}

const VARIANTS: readonly [string, Partial<RandomModelOptions>][] = [
  ['as it comes', {}],
  ['with optional norms', { optional: ['attn_v_norm.weight'] }],
  ['with biases', { biases: ['attn_k', 'ffn_two', 'ffn_down', 'output'], tied: false }],
  ['with fused matrices', { optional: ['ffn_in.weight', 'ffn_in.bias'], fused: ['attn_qkv'] }],
  ['with rope factors', { ropeFactors: [1, 1, 2, 3, 5, 8] }],
  ['in Q8_0', { format: 'Q8_0', shape: { ...OPTIONS.shape, headDim: 32 } }],
]

it.each(VARIANTS)(
  "a user's family has random models, a reference and an engine from its one file: %s",
  async (_, options) => {
    const { metadata, tensors } = randomModel({ ...OPTIONS, ...options })
    const file = await openGguf(bytesSource(writeGguf({ metadata, tensors })))
    const { program } = planModel(file)
    expect(tensors.map(({ name }) => name).sort()).toEqual([...program.tensors.keys()].sort())
    const reference = await ReferenceModel.read(file)
    const executable = await WasmExecutable.load(
      file,
      program,
      await createEngine(await platform.loadKernels()),
    )
    const ids = randomIds(150, OPTIONS.shape.vocab, 'invented')
    const memory = executable.createMemory('f32')
    const truth = new ReferenceSequence(reference, 'f32')

    const expectSame = async (part: readonly number[], phase: Phase) => {
      let actual = new Float32Array()
      await executable.run(batchOf(part, { memory, phase, outputs: [part.length - 1] }), (_row, values) => {
        actual = values.slice()
      })
      truth.push(...part)
      const expected = truth.logits()
      expect(relativeDifference(actual, expected)).toBeLessThan(options.format ? 1e-3 : 1e-5)
      // Neither vanished nor exploded, and within the cap.
      expect(spread(expected)).toBeGreaterThan(2)
      expect(spread(expected)).toBeLessThan(5)
      expect(Math.max(...expected)).toBeLessThan(20)
    }
    await expectSame(ids.slice(0, 100), 'prefill')
    await expectSame(ids.slice(100, 140), 'prefill')
    for (const id of ids.slice(140)) await expectSame([id], 'decode')
    await executable.dispose()
  },
)

it("a user's family is loaded and run through the public interface", async () => {
  const bytes = writeGguf(randomModel(OPTIONS))
  const truth = new ReferenceSequence(await ReferenceModel.read(await openGguf(bytesSource(bytes))), 'f16')
  await using model = await loadModel(bytes, { kernels: 'baseline' })
  expect(model.architecture).toBe('invented')
  expect(model.config).toMatchObject({ window: 7, residualScale: 0.5 })
  using session = model.createSession()
  const ids = randomIds(30, OPTIONS.shape.vocab, 'public')
  await session.eval(ids)
  truth.push(...ids)
  expect(relativeDifference(session.logits(), truth.logits())).toBeLessThan(1e-3)
})

function spread(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

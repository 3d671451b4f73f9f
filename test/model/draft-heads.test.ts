import { describe, expect, it } from 'vitest'
import { allTensors } from '../../src/backend/program.js'
import { openGguf } from '../../src/gguf/reader.js'
import { str, u32 } from '../../src/gguf/typed-value.js'
import { loadModel } from '../../src/index.js'
import { planModel } from '../../src/model/plan.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { type DraftHeadModelOptions, draftHeadModel, EXPERTS } from '../support/draft-head-model.js'
import { smallModel } from './small.js'

const OPTIONAL = ['embed_tokens', 'shared_head_norm', 'shared_head_head']

async function plan(bytes: Uint8Array, draftHead = true) {
  return planModel(await openGguf(bytesSource(bytes, 'm.gguf')), undefined, { draftHead }).program
}

const planned = (options?: DraftHeadModelOptions) => plan(draftHeadModel(options))

describe('a draft head', () => {
  it('has the layer after the last one, and tensors of the model', async () => {
    const { draftHead, tensors, memories } = await planned()
    expect(memories).toHaveLength(5)
    expect(draftHead!.memories).toEqual([
      { kind: 'kv', kvHeads: 2, keyDim: 16, valueDim: 16, window: undefined },
    ])
    const names = [...draftHead!.tensors.keys()]
    expect(names).toContain('token_embd.weight')
    expect(names).toContain('output_norm.weight')
    expect(draftHead!.logits!.matrix.tensor).toBe('output.weight')
    const own = names.filter((name) => !tensors.has(name))
    for (const name of own) expect(name).toMatch(/^blk\.3\./)
    expect([...tensors.keys()].some((name) => name.startsWith('blk.3.'))).toBe(false)
    expect(draftHead!.tensors.get('blk.3.nextn.eh_proj.weight')!.shape).toEqual([128, 64])
  })

  it('has an embedding, a norm and an output of its own where the file has them', async () => {
    const { draftHead } = await planned({ optional: OPTIONAL.map((name) => `nextn.${name}.weight`) })
    const names = [...draftHead!.tensors.keys()]
    for (const name of ['token_embd', 'output_norm', 'output']) expect(names).not.toContain(`${name}.weight`)
    for (const name of OPTIONAL) expect(names).toContain(`blk.3.nextn.${name}.weight`)
    expect(draftHead!.logits!.matrix).toMatchObject({ tensor: 'blk.3.nextn.shared_head_head.weight' })
  })

  it('has the embedding as output where it is tied', async () => {
    const { draftHead } = await planned({ tied: true })
    expect(draftHead!.logits!.matrix.tensor).toBe('token_embd.weight')
  })

  it('has experts where the model has', async () => {
    const { draftHead } = await planned(EXPERTS)
    expect(draftHead!.ops.filter(({ kind }) => kind === 'experts')).toHaveLength(1)
  })

  it('is planned only if it is wanted, and changes nothing of the program', async () => {
    const bytes = draftHeadModel()
    const { draftHead, ...program } = await plan(bytes)
    const without = await plan(bytes, false)
    expect(without).toEqual({ ...program, draftHead: undefined })
    expect(allTensors(without)).toBe(without.tensors)
    expect(allTensors({ ...program, draftHead }).size).toBeGreaterThan(program.tensors.size)
  })

  it('does not change the identity of a model', async () => {
    const bytes = draftHeadModel()
    const states: Uint8Array[] = []
    for (const draftHead of [false, true]) {
      await using model = await loadModel(bytes, { draftHead, threads: 1 })
      await using session = model.createSession({ seed: 1 })
      await session.eval([1, 2, 3])
      states.push(await session.save())
      await session.restore(states[0])
    }
    expect(states[1]).toEqual(states[0])
  })

  it.each<[string, () => Uint8Array, string, string]>([
    ['a family without', () => smallModel(), 'UNSUPPORTED', 'this version uses none of architecture "llama"'],
    [
      'a file without',
      () => draftHeadModel({ draftHead: false }),
      'UNSUPPORTED',
      'the file has none (no next-token-prediction layer)',
    ],
    [
      'two layers of it',
      () =>
        draftHeadModel({
          metadata: [
            ['qwen35.block_count', u32(5)],
            ['qwen35.nextn_predict_layers', u32(2)],
          ],
        }),
      'UNSUPPORTED',
      'the file has 2 next-token-prediction layers; one can be used',
    ],
    [
      'a file that lacks its tensors',
      () =>
        draftHeadModel({
          draftHead: false,
          metadata: [
            ['qwen35.block_count', u32(4)],
            ['qwen35.nextn_predict_layers', u32(1)],
          ],
        }),
      'MISSING',
      'tensor "blk.3.nextn.enorm.weight" is missing',
    ],
  ])('is refused: %s', async (_, bytes, code, message) => {
    await expect(plan(bytes())).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
    await expect(loadModel(bytes(), { draftHead: true })).rejects.toMatchObject({ code })
    // Without it the same file is a model like any other.
    await using model = await loadModel(bytes(), { threads: 1 })
    expect(model.kind).toBe('decoder')
  })

  it('is named in the error of a tensor with another shape', async () => {
    const bytes = draftHeadModel({ metadata: [['general.name', str('x')]] })
    const file = await openGguf(bytesSource(bytes, 'm.gguf'))
    const name = 'blk.3.nextn.eh_proj.weight'
    const tensors = new Map([...file.tensors, [name, { ...file.tensors.get(name)!, shape: [64, 128] }]])
    expect(() => planModel({ ...file, tensors }, undefined, { draftHead: true })).toThrow(
      `tensor "${name}" has shape [64,128]; by the metadata it must be [128,64]`,
    )
  })
})

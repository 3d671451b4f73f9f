import { describe, expect, it } from 'vitest'
import type { Op, Program } from '../../src/backend/program.js'
import { openGguf } from '../../src/gguf/reader.js'
import { array, f32, str, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { loadModel } from '../../src/index.js'
import { planModel } from '../../src/model/plan.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { EXPERT_CASES } from '../support/family-models/experts.js'
import { randomModel } from '../support/random-model/random-model.js'
import type { ModelCase } from '../support/random-models.js'

const caseOf = (name: string): ModelCase => EXPERT_CASES.find((each) => each.name === name)!

async function planOf(model: ModelCase, change: (parts: ModelCase['parts']) => ModelCase['parts']) {
  return planModel(await openGguf(bytesSource(writeGguf(change(model.parts)), 'm.gguf')))
}

/** The case with other metadata. */
function planWith(name: string, keys: Readonly<Record<string, TypedValue>>) {
  const model = caseOf(name)
  return planOf(model, ({ metadata, ...rest }) => ({
    ...rest,
    metadata: new Map([...metadata, ...Object.entries(keys)]),
  }))
}

function opsOf<K extends Op['kind']>({ ops }: Program, kind: K): (Op & { kind: K })[] {
  return ops.filter((op): op is Op & { kind: K } => op.kind === kind)
}

const GROUPS = 'glm4moe, groups of experts'

describe('a mixture of experts', () => {
  it('has experts after the leading dense layers', async () => {
    const { program } = await planWith('deepseek, two shared experts, a dense first layer', {})
    expect(opsOf(program, 'experts')).toHaveLength(2)
    expect(program.tensors.has('blk.0.ffn_gate.weight')).toBe(true)
    expect(program.tensors.get('blk.1.ffn_gate_exps.weight')?.shape).toEqual([64, 64, 8])
    expect(program.tensors.get('blk.1.ffn_gate_shexp.weight')?.shape).toEqual([64, 128])
  })

  it('takes routing from the file', async () => {
    const [route] = opsOf((await planWith(GROUPS, {})).program, 'route')
    expect(route.routing).toMatchObject({
      used: 4,
      gating: 'sigmoid',
      groups: { count: 4, used: 2 },
      normalize: true,
      scale: 2.5,
      selectionBias: { tensor: 'blk.1.exp_probs_b.bias', length: 16 },
    })
  })

  it.each<[string, Record<string, TypedValue>, string, string]>([
    [
      'more experts used than there are',
      { 'glm4moe.expert_used_count': u32(17) },
      'BAD_FORMAT',
      '"glm4moe.expert_used_count" is 17, but there are 16 experts',
    ],
    ['no experts', { 'glm4moe.expert_count': u32(0) }, 'BAD_FORMAT', '"glm4moe.expert_count" is 0'],
    ['too many experts', { 'glm4moe.expert_count': u32(513) }, 'BAD_FORMAT', '"glm4moe.expert_count" is 513'],
    ['none used', { 'glm4moe.expert_used_count': u32(0) }, 'BAD_FORMAT', '"glm4moe.expert_used_count" is 0'],
    [
      'other counts in other layers',
      { 'glm4moe.expert_used_count': array('u32', [4, 3, 4]) },
      'UNSUPPORTED',
      '"glm4moe.expert_used_count" differs from layer to layer',
    ],
    [
      'groups of unequal size',
      { 'glm4moe.expert_group_count': u32(3) },
      'BAD_FORMAT',
      '"glm4moe.expert_group_count" is 3; 16 experts cannot be divided',
    ],
    [
      'more groups used than there are',
      { 'glm4moe.expert_group_used_count': u32(5) },
      'BAD_FORMAT',
      '"glm4moe.expert_group_used_count" is 5',
    ],
    [
      'fewer experts in the groups than are used',
      { 'glm4moe.expert_used_count': u32(9) },
      'BAD_FORMAT',
      '9 experts cannot come from 2 of 4 groups of 4',
    ],
    [
      'an unknown gating',
      { 'glm4moe.expert_gating_func': u32(4) },
      'UNSUPPORTED',
      '"glm4moe.expert_gating_func" is 4',
    ],
    [
      'a scale that is not a number',
      { 'glm4moe.expert_weights_scale': f32(Number.NaN) },
      'BAD_FORMAT',
      '"glm4moe.expert_weights_scale" is NaN',
    ],
    [
      'a width that is text',
      { 'glm4moe.expert_feed_forward_length': str('64') },
      'BAD_FORMAT',
      'expert_feed_forward_length" is not a number',
    ],
    [
      'another width than its tensors',
      { 'glm4moe.expert_feed_forward_length': u32(32) },
      'BAD_FORMAT',
      'tensor "blk.1.ffn_gate_exps.weight" has shape [64,64,16]; by the metadata it must be [64,32,16]',
    ],
    [
      'a router of another size',
      { 'glm4moe.expert_count': u32(12) },
      'BAD_FORMAT',
      'by the metadata it must be [12]',
    ],
  ])('with %s is rejected', async (_, keys, code, message) => {
    await expect(planWith(GROUPS, keys)).rejects.toMatchObject({
      name: 'DasllamaError',
      code,
      message: expect.stringContaining(message),
    })
  })

  it('whose experts are tensors of their own is rejected with what to do', async () => {
    const model = caseOf('llama, experts as in Mixtral')
    const plan = planOf(model, ({ tensors, ...rest }) => ({
      ...rest,
      tensors: [...tensors, { ...[...tensors][0], name: 'blk.0.ffn_gate.0.weight' }],
    }))
    await expect(plan).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('"blk.0.ffn_gate.0.weight"'),
      hint: expect.stringContaining('convert'),
    })
  })

  it.each(['ffn_gate_inp.weight', 'ffn_down_exps.weight', 'ffn_up_exps.weight'])(
    'without %s is rejected by name',
    async (missing) => {
      const plan = planOf(caseOf(GROUPS), ({ tensors, ...rest }) => ({
        ...rest,
        tensors: [...tensors].filter(({ name }) => name !== `blk.2.${missing}`),
      }))
      await expect(plan).rejects.toMatchObject({
        code: 'MISSING',
        message: expect.stringContaining(`"blk.2.${missing}" is missing`),
      })
    },
  )

  it('does not change what a dense model is', async () => {
    const parts = randomModel({
      shape: { embed: 64, layers: 1, heads: 2, feedForward: 64, vocab: 400, context: 64 },
      format: 'F32',
    })
    const { hyperparameters } = planModel(await openGguf(bytesSource(writeGguf(parts), 'm.gguf')))
    expect([...hyperparameters.keys()].filter((key) => key.includes('expert'))).toEqual([])
  })

  it('whose router gives no numbers fails clearly', async () => {
    const { parts } = caseOf('granitemoe, tied')
    const tensors = [...parts.tensors].map((tensor) => {
      if (tensor.name !== 'blk.1.ffn_gate_inp.weight') return tensor
      const data = new Float32Array(tensor.shape.reduce((a, b) => a * b)).fill(Number.NaN)
      return { ...tensor, data: new Uint8Array(data.buffer) }
    })
    await using model = await loadModel(writeGguf({ ...parts, tensors }))
    using session = model.createSession()
    await expect(session.eval([1, 2, 3])).rejects.toMatchObject({
      code: 'NOT_A_NUMBER',
      message: expect.stringContaining("routers' scores"),
    })
    await expect(session.eval([1])).rejects.toMatchObject({ code: 'NOT_A_NUMBER' })
  })
})

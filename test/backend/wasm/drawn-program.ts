import type { Program, Value } from '../../../src/backend/program.js'
import { Builder } from '../../../src/model/builder/builder.js'
import type { Config } from '../../../src/model/config.js'

export const CONFIG: Config = {
  architecture: 'drawn',
  name: undefined,
  contextLength: 64,
  vocabSize: 50,
  embeddingLength: 16,
  feedForwardLength: 24,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 8,
  valueDim: 8,
  ropeType: 'norm',
  ropeDim: 8,
  ropeTheta: 10_000,
  ropeScaling: { type: 'none' },
  attentionScale: 0.5,
  normEpsilon: 1e-5,
  pooling: undefined,
}

/** No biases, no fused matrices. */
export const NAMES = {
  has: (name: string) => name === 'output.weight' || /attn_[qkv]\.weight|ffn_gate\.weight/.test(name),
}

const ACTIVATIONS = ['silu', 'gelu', 'relu', 'relu2', 'sigmoid', 'tanh'] as const

/** The program that a family's `build` would record. */
export function record(build: (b: Builder) => void): Program {
  return Builder.record(CONFIG, NAMES, build)
}

/** A program of random operations on random values; each number makes one choice. */
export function drawn(choices: readonly number[]): Program {
  return record((b) => {
    const values: Value[] = [b.embed('token_embd')]
    let at = 0
    let names = 0
    const next = (below: number) => (choices[at++] ?? 0) % below
    const pick = (fits: (value: Value) => boolean = () => true): Value => {
      const fitting = values.filter(fits)
      // Prefers recent values.
      return fitting[Math.max(0, fitting.length - 1 - next(next(2) ? 3 : fitting.length))]
    }
    const name = () => `t${names++}`
    const widths = [8, 16, 24]
    const isNarrow = ({ width, heads }: Value) => width / heads === 8
    values.push(b.linear(values[0], name(), 8))
    while (at < choices.length) {
      const kind = next(22)
      const x = pick()
      const same = () => pick(({ width }) => width === x.width)
      /** Of any kind. */
      const norm = (of: Value) =>
        [() => b.rmsNorm(of, name()), () => b.layerNorm(of, name()), () => b.rmsNorm(of)][next(3)]()
      switch (kind) {
        case 0:
          values.push(norm(x))
          break
        case 1:
        case 2: {
          // Several of one input, usually of its norm.
          const input = next(3) ? norm(x) : x
          const count = 1 + next(3)
          for (let i = 0; i < count; i++) values.push(b.linear(input, name(), widths[next(3)]))
          if (next(4) === 0) values.push(input)
          break
        }
        case 3: {
          const input = next(2) ? norm(x) : x
          const width = widths[next(3)]
          const [gate, up] = [b.linear(input, name(), width), b.linear(input, name(), width)]
          const active = next(2) ? b.silu(gate) : b.gelu(gate)
          values.push(next(4) ? b.multiply(active, up) : b.multiply(up, active))
          if (next(4) === 0) values.push([gate, up, active][next(3)])
          break
        }
        case 4: {
          const input = next(2) ? norm(x) : next(2) ? b.silu(x) : x
          const product = b.linear(input, name(), x.width)
          values.push(next(2) ? b.add(x, product) : b.add(product, x))
          if (next(4) === 0) values.push(product)
          break
        }
        case 5:
          values.push(b.add(x, same()))
          break
        case 6:
          values.push(b.multiply(x, same()))
          break
        case 7:
          values.push(b.activation(x, ACTIVATIONS[next(6)]))
          break
        case 8:
          values.push(b.scale(x, 1 + next(5)))
          break
        case 9:
          values.push(
            b.rope(x, { theta: 2 + next(3), ...(next(2) && !isNarrow(x) ? { first: 4, dims: 4 } : {}) }),
          )
          break
        case 10:
          values.push(b.headNorm(b.linear(x, name(), 16, { heads: 2 }), name()))
          break
        case 12:
          values.push(b.headLinear(b.linear(x, name(), 16, { heads: 2 }), name(), 8))
          break
        case 13:
          values.push(b.temperature(x, 0.5, 1 + next(3)))
          break
        case 14:
          values.push(b.scaleRows(x, b.linear(next(2) ? x : pick(), name(), 1)))
          break
        case 15:
          values.push(b.slice(x, next(x.width / x.heads - 7), 8))
          break
        case 16:
          values.push(
            b.concat(
              pick(isNarrow),
              pick(({ width, heads }) => width === 8 && heads === 1),
            ),
          )
          break
        case 17:
          values.push(next(2) ? b.embedPosition(name()) : b.embedRow(name(), next(5), 5))
          break
        case 18: {
          const conv = b.conv(x, name(), 2 + next(3))
          values.push(next(3) ? b.silu(conv) : conv)
          if (next(4) === 0) values.push(conv)
          break
        }
        case 19: {
          const head = (heads: number) => b.linear(next(2) ? x : pick(), name(), 8 * heads, { heads })
          const keyHeads = 1 + next(2)
          const keys = head(keyHeads)
          const perHead = () => b.linear(pick(), name(), 2)
          const [q, v, decay, beta] = [next(2) ? keys : head(keyHeads), head(2), perHead(), perHead()]
          values.push(b.deltaRule({ q, k: keys, v, decay, beta }, { sharing: next(2) ? 'modulo' : 'groups' }))
          break
        }
        case 20: {
          const [heads, perState] = [1 + next(2), next(2) === 1]
          const inner = b.linear(x, name(), 8 * heads, { heads })
          const [states, step] = [b.linear(x, name(), 4), b.linear(pick(), name(), heads)]
          const c = next(2) ? states : b.linear(pick(), name(), 4)
          values.push(
            b.stateScan(
              { x: inner, b: states, c, step },
              { a: name(), perState, ...(next(2) && { d: name() }) },
            ),
          )
          break
        }
        case 21:
          values.push(b.affine(x, { ...(next(2) && { weight: name() }), bias: name() }))
          break
        case 11: {
          const keys = pick(({ width, heads }) => width === 16 && heads === 1)
          values.push(
            b.attention(keys, keys, next(2) ? keys : pick(({ width, heads }) => width === 16 && heads === 1)),
          )
          break
        }
      }
    }
    const head = pick(({ width }) => width === 16)
    b.logits(next(3) ? b.rmsNorm(head, 'output_norm') : head)
  })
}

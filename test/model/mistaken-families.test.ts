import { describe, expect, it } from 'vitest'
import { openGguf } from '../../src/gguf/reader.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { type Builder, type Config, type Family, loadModel, registerFamily } from '../../src/index.js'
import type { LayerBuilder } from '../../src/model/builder/builder.js'
import { llama } from '../../src/model/families/llama.js'
import { planModel } from '../../src/model/plan.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { smallModel, smallParts } from './small.js'

let names = 0

/** A file of a family that is llama but for `mistaken`. */
async function fileOf(mistaken: Partial<Record<keyof Family, unknown>>) {
  const architecture = `strange-${names++}`
  const parts = smallParts({ architecture })
  registerFamily({ ...llama, ...mistaken, architectures: [architecture] } as Family)
  return openGguf(bytesSource(writeGguf(parts), 'm.gguf'))
}

/** The error of planning such a file. */
async function refusal(mistaken: Partial<Record<keyof Family, unknown>>): Promise<string> {
  const file = await fileOf(mistaken)
  try {
    planModel(file)
  } catch (error) {
    expect(error).toMatchObject({ name: 'DasllamaError', code: 'INVALID_ARGUMENT' })
    return (error as Error).message.replace(/strange-\d+/, 'it')
  }
  throw new Error('the file was planned')
}

/** A build() of which `work` is done in each layer before what llama does. */
function inLayers(work: (l: LayerBuilder, b: Builder) => void) {
  return {
    build(b: Builder, h: Config) {
      for (const l of b.layers()) work(l, b)
      llama.build(b, h)
    },
  }
}

const evil = new Proxy(
  {},
  {
    get: () => {
      throw new Error('get')
    },
    getPrototypeOf: () => {
      throw new Error('getPrototypeOf')
    },
  },
)

describe('registerFamily', () => {
  const unreadable = () => {
    throw new Error('unreadable')
  }
  it.each<[string, unknown]>([
    ['a proxy whose traps throw', evil],
    [
      'architectures that cannot be read',
      Object.defineProperty({ ...llama }, 'architectures', { get: unreadable }),
    ],
    ['a build() that cannot be read', Object.defineProperty({ ...llama }, 'build', { get: unreadable })],
    ['a list with holes', { ...llama, architectures: Object.assign(['strange-hole'], { length: 3 }) }],
    [
      'a list whose length is a lie',
      { ...llama, architectures: Object.assign(['strange-long'], { length: 2 ** 31 }) },
    ],
    [
      'a list without end',
      { ...llama, architectures: Array.from({ length: 5000 }, (_, i) => `strange-many-${i}`) },
    ],
    ['a name of a million characters', { ...llama, architectures: ['x'.repeat(1e6)] }],
  ])('rejects %s', (_, family) => {
    expect(() => registerFamily(family as Family)).toThrow(
      expect.objectContaining({ name: 'DasllamaError', code: 'INVALID_ARGUMENT' }),
    )
  })

  it('reads each name once', async () => {
    let reads = 0
    const architectures = Object.defineProperty([''], 0, {
      get: () => (reads++ === 0 ? 'strange-once' : 'llama'),
    })
    registerFamily({ ...llama, architectures } as Family)
    expect(reads).toBe(1)
    await using model = await loadModel(smallModel({ architecture: 'strange-once' }))
    expect(model.architecture).toBe('strange-once')
  })
})

describe('what a family returns', () => {
  const returning = (change: (config: Config) => unknown) => ({
    hyperparameters: (reader: Parameters<typeof llama.hyperparameters>[0]) =>
      change(llama.hyperparameters(reader)),
  })

  it.each<[string, Partial<Record<keyof Family, unknown>>, string]>([
    [
      'a build() that is async',
      { build: async (b: Builder, h: Config) => llama.build(b, h) },
      ': build() failed: it is async',
    ],
    [
      'a build() that is async and fails',
      {
        build: async () => {
          throw new Error('too late')
        },
      },
      ': build() failed: it is async',
    ],
    [
      'more layers than there are',
      returning((config) => ({ ...config, layers: 2 ** 40 })),
      'returns layers 1099511627776',
    ],
    ['too many heads', returning((config) => ({ ...config, heads: 1e308 })), 'returns heads 1e+308'],
    [
      'a number that cannot be read',
      returning((config) =>
        Object.defineProperty({ ...config }, 'layers', {
          enumerable: true,
          get: () => {
            throw new Error('unreadable')
          },
        }),
      ),
      ': hyperparameters() failed: unreadable',
    ],
    [
      'an error that cannot be read',
      {
        build: () => {
          throw evil
        },
      },
      ': build() failed: an error that cannot be read',
    ],
  ])('is rejected: %s', async (_, mistaken, message) => {
    expect(await refusal(mistaken)).toContain(message)
  })

  it('is read once and frozen', async () => {
    let reads = 0
    const mistaken = returning((config) =>
      Object.defineProperty({ ...config }, 'vocabSize', {
        enumerable: true,
        get: () => config.vocabSize + reads++,
      }),
    )
    const { config } = planModel(await fileOf(mistaken))
    expect(reads).toBe(1)
    expect(Object.isFrozen(config)).toBe(true)
    const changing = {
      build: (b: Builder, h: { vocabSize: number }) => {
        h.vocabSize = 7
        llama.build(b, h as Config)
      },
    }
    expect(await refusal(changing)).toContain('build() failed: Cannot assign to read only property')
  })

  it('cannot be recorded where the identity cannot hold it', async () => {
    const noting = (value: unknown) => ({
      hyperparameters: (reader: Parameters<typeof llama.hyperparameters>[0]) => {
        reader.note('it', value)
        return llama.hyperparameters(reader)
      },
    })
    const circle: { self?: unknown } = {}
    circle.self = circle
    expect(await refusal(noting(circle))).toContain(': hyperparameters() failed: Converting circular')
    expect(await refusal(noting(7n))).toContain(': hyperparameters() failed: ')
  })
})

describe('a mistaken call of the builder names family, layer and operation', () => {
  const anything = (value: unknown) => value as never
  const heads = (l: LayerBuilder, b: Builder, [key, value]: readonly [number, number]) => {
    const x = b.embed('token_embd')
    const q = l.linear(x, 'q', 4 * key, { heads: 4 })
    const k = l.linear(x, 'k', 2 * key, { heads: 2 })
    l.attention(q, k, l.linear(x, 'v', 2 * value, { heads: 2 }))
  }

  it.each<[string, (l: LayerBuilder, b: Builder) => void, string]>([
    [
      'a name that is a symbol',
      (l, b) => l.linear(b.embed('token_embd'), anything(Symbol('w')), 4),
      "linear Symbol(w): a tensor's name must be a string",
    ],
    [
      'no name',
      (l, b) => l.rmsNorm(b.embed('token_embd'), anything(null)),
      "rmsNorm null: a tensor's name must be a string",
    ],
    ['a name that is an object', (l) => l.has(anything({})), "has: a tensor's name must be a string, not {}"],
    [
      'options that are null',
      (l, b) => l.linear(b.embed('token_embd'), 'w', 4, anything(null)),
      'linear "w": an object is needed, not null',
    ],
    [
      'parts that are not a list',
      (l, b) => l.linears(b.embed('token_embd'), 'w', anything(5)),
      'linear "w": its parts must be an array, not 5',
    ],
    [
      'a part that is nothing',
      (l, b) => l.linears(b.embed('token_embd'), 'w', anything([null])),
      'linear "w": an object is needed, not null',
    ],
    [
      'a rope of an unknown type',
      (l, b) => l.rope(b.embed('token_embd'), { type: anything('half') }),
      'rope: type "half" is unknown',
    ],
    [
      'a rope without a scaling',
      (l, b) => l.rope(b.embed('token_embd'), { scaling: anything(undefined) }),
      'rope: scaling undefined is unknown',
    ],
    [
      'an inherited scaling',
      (l, b) => l.rope(b.embed('token_embd'), { scaling: { type: anything('toString') } }),
      'rope: scaling { "type": "toString" } is unknown',
    ],
    [
      'a scaling without its factor',
      (l, b) => l.rope(b.embed('token_embd'), { scaling: anything({ type: 'linear' }) }),
      'rope: scaling linear: factor is undefined; more than 0 is needed',
    ],
    [
      'a YaRN of which a number is missing',
      (l, b) =>
        l.rope(b.embed('token_embd'), {
          scaling: anything({ type: 'yarn', factor: 2, originalContext: 64, betaFast: 32 }),
        }),
      'rope: scaling yarn: betaSlow is undefined',
    ],
    [
      'factors that are a number',
      (l, b) => l.rope(b.embed('token_embd'), { factors: anything(5) }),
      'rope: factors must be the name of a tensor, not 5',
    ],
    [
      'dimensions that are a bigint',
      (l, b) => l.rope(b.embed('token_embd'), { dims: anything(4n) }),
      'rope: 4n rotary dimensions',
    ],
    [
      'a factor that 32 bits cannot hold',
      (l, b) => l.scale(b.embed('token_embd'), 1e300),
      'scale: the factor must be a finite f32, not 1e+300',
    ],
    [
      'a factor that 32 bits round to nothing',
      (l, b) => l.scale(b.embed('token_embd'), 1e-300),
      'scale: the factor must be a finite f32, not 1e-300',
    ],
    [
      'values of six dimensions',
      (l, b) => heads(l, b, [8, 6]),
      'attention: heads of 8 key and 6 value dimensions; both must be multiples of 4',
    ],
    [
      'heads of six',
      (l, b) => heads(l, b, [6, 6]),
      'attention: heads of 6 key and 6 value dimensions; both must be multiples of 4',
    ],
  ])('%s', async (_, work, message) => {
    expect(await refusal(inLayers(work))).toContain(`family "it", layer 0, ${message}`)
  })

  it('a loop without end', async () => {
    const endless = inLayers((l, b) => {
      for (let x = b.embed('token_embd'); ; ) x = l.silu(x)
    })
    expect(await refusal(endless)).toBe('family "it", layer 0, activation: more than 65536 operations')
  })

  it('a value that is changed', async () => {
    const widening = inLayers((_, b) => {
      ;(b.embed('token_embd') as { width: number }).width = 2 ** 20
    })
    expect(await refusal(widening)).toContain('build() failed: Cannot assign to read only property')
  })
})

it('operations after the logits are rejected, however late', async () => {
  let late: Builder | undefined
  const file = await fileOf({
    build(b: Builder, h: Config) {
      llama.build(b, h)
      late = b
    },
  })
  const { program } = planModel(file)
  const before = [program.ops.length, program.tensors.size, program.ropes.length]
  expect(() => late!.embed('token_embd')).toThrow('embed "token_embd": nothing may follow the logits')
  for (const l of late!.layers())
    expect(() => l.linear(program.hidden, 'more', 8)).toThrow('nothing may follow')
  expect([program.ops.length, program.tensors.size, program.ropes.length]).toEqual(before)
})

it('ten thousand rotary embeddings are distinguished in linear time', async () => {
  const file = await fileOf(
    inLayers((l, b) => {
      const x = b.embed('token_embd')
      for (let i = 0; i < 10_000; i++) l.rope(x, { theta: 2 + (i % 5000), dims: 8 })
    }),
  )
  expect(planModel(file).program.ropes.length).toBe(5001)
})

it('a linear layer of one value', async () => {
  const parts = smallParts()
  const shape = [96, 1]
  const data = new Uint8Array(96 * 4)
  const architecture = `strange-${names++}`
  const metadata = smallParts({ architecture }).metadata
  registerFamily({
    ...llama,
    architectures: [architecture],
    build(b: Builder, h: Config) {
      b.linear(b.embed('token_embd'), 'one', 1)
      llama.build(b, h)
    },
  })
  for (const written of [shape, [96]]) {
    const tensors = [...parts.tensors, { name: 'one.weight', shape: written, format: 'F32', data }]
    const file = await openGguf(bytesSource(writeGguf({ metadata, tensors })))
    expect(planModel(file).program.tensors.get('one.weight')?.shape).toEqual(shape)
  }
})

/** Unusual values of every kind, for every argument: a DasllamaError of bounded length, or a result. */
import {
  cosineSimilarity,
  createChat,
  DasllamaError,
  embed,
  inspectModel,
  loadModel,
  loadTokenizer,
  type ModelSource,
} from '../../../src/index.js'
import { createSampler, DEFAULT_SAMPLING } from '../../../src/sampling/index.js'
import { smallModel } from '../../model/small.js'
import { attempt, report } from '../support/attempt.js'

const throwing = () => {
  throw new Error('a trap')
}
const everyTrap = new Proxy({}, { get: () => throwing })
const revoked = (target: object) => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

const VALUES: readonly [string, unknown][] = [
  ['no prototype', Object.create(null)],
  ['a throwing toString', { toString: throwing, valueOf: throwing }],
  ['a throwing conversion', { [Symbol.toPrimitive]: throwing }],
  ['throwing getters', Object.defineProperty({}, 'length', { get: throwing, enumerable: true })],
  ['a proxy of nothing but traps', new Proxy({}, everyTrap as ProxyHandler<object>)],
  ['a revoked object', revoked({})],
  ['a revoked array', revoked([])],
  ['a revoked function', revoked(() => {})],
  ['a symbol', Symbol('x'.repeat(1e6))],
  ['a bigint', 10n ** 100_000n],
  ['NaN', Number.NaN],
  ['a length of 1e12', { length: 1e12 }],
  ['a length of -1', { length: -1 }],
  ['an array of length 2^32 - 1', new Array(2 ** 32 - 1)],
  ['an endless array of ids', new Proxy([], { get: (_, key) => (key === 'length' ? 1e12 : 1) })],
  ['a long text', 'x'.repeat(1e6)],
  ['a list of long texts', ['x'.repeat(1e6)]],
  ['line feeds', '\n\u2028\u001b[2J'.repeat(100)],
  ['null', null],
  ['a function', () => 1],
  ['an invalid date', new Date(Number.NaN)],
]

const bytes = smallModel()
const model = await loadModel(bytes)
const session = model.createSession({ contextLength: 32 })
const chat = createChat(model, { template: 'chatml', maxTokens: 1, session: { contextLength: 64 } })
const logits = new Float32Array(400)

/** A call for each argument that takes a value, by its name. */
const calls: [string, (value: never) => unknown][] = [
  ['loadModel', (value) => loadModel(value)],
  ['loadModel options', (value) => loadModel(bytes, value)],
  ...[
    'signal',
    'tokenizer',
    'contextLength',
    'onProgress',
    'onWarning',
    'kernels',
    'memoryLimit',
    'memorySize',
    'threads',
    'lookupTables',
    'prefixCache',
    'draftHead',
  ].map((name): [string, (value: never) => unknown] => [
    `loadModel ${name}`,
    (value) => loadModel(bytes, { [name]: value }),
  ]),
  ['loadTokenizer', (value) => loadTokenizer(value)],
  ['inspectModel', (value) => inspectModel(value)],
  ['createSession', (value) => model.createSession(value).dispose()],
  ...['seed', 'kvType', 'contextLength', 'contextShift', 'prefixCache'].map(
    (name): [string, (value: never) => unknown] => [
      `createSession ${name}`,
      (value) => model.createSession({ contextLength: 8, [name]: value }).dispose(),
    ],
  ),
  ['eval', (value) => session.eval(value)],
  ['eval options', (value) => session.eval([1], value)],
  ['generate', (value) => session.generate(value)],
  ['generate options', (value) => session.generate([1], value)],
  ...[
    'maxTokens',
    'signal',
    'stop',
    'stopIds',
    'logprobs',
    'reuse',
    'speculation',
    'priority',
    ...Object.keys(DEFAULT_SAMPLING),
  ].map((name): [string, (value: never) => unknown] => [
    `generate ${name}`,
    (value) => session.generate([1], { [name]: value }),
  ]),
  ['generate speculation.draft', (value) => session.generate([1], { speculation: { draft: value } })],
  ['score', (value) => session.score(value)],
  ['score options', (value) => session.score([1], value)],
  ['add', (value) => chat.add(value)],
  ...['role', 'content', 'reasoning', 'toolCalls', 'ids', 'cut'].map(
    (name): [string, (value: never) => unknown] => [
      `add ${name}`,
      (value) => chat.add({ role: 'assistant', content: '', [name]: value }),
    ],
  ),
  ['add a part', (value) => chat.add({ role: 'assistant', content: [value] })],
  ['add a call', (value) => chat.add({ role: 'assistant', content: '', toolCalls: [value] })],
  [
    'add arguments',
    (value) => chat.add({ role: 'assistant', content: '', toolCalls: [{ name: 'f', arguments: value }] }),
  ],
  [
    'history',
    (value) => {
      chat.history = value
    },
  ],
  ['send', (value) => chat.send(value)],
  ['send options', (value) => chat.send('Hi', value)],
  ...['toolChoice', 'parallelToolCalls', 'constrainTools'].map(
    (name): [string, (value: never) => unknown] => [
      `respond ${name}`,
      (value) => chat.respond({ [name]: value }),
    ],
  ),
  ['rewind', (value) => session.rewind(value)],
  ['restore', (value) => session.restore(value)],
  ['setSeed', (value) => session.setSeed(value)],
  ['cachedPrefixLength', (value) => session.cachedPrefixLength(value)],
  ['embed model', (value) => embed(value, 'text')],
  ['embed', (value) => embed(model, value)],
  ['embed a list', (value) => embed(model, ['text', value])],
  ['embed options', (value) => embed(model, 'text', value)],
  ...['pooling', 'normalize', 'dimensions', 'truncate', 'signal', 'addSpecial'].map(
    (name): [string, (value: never) => unknown] => [
      `embed ${name}`,
      (value) => embed(model, 'text', { [name]: value } as never),
    ],
  ),
  ['cosineSimilarity', (value) => cosineSimilarity(value, value)],
  ...Object.keys(DEFAULT_SAMPLING).map((name): [string, (value: never) => unknown] => [
    `createSampler ${name}`,
    (value) => createSampler({ [name]: value }),
  ]),
  ['pick', (value) => createSampler().pick(value)],
  ['pick recent', (value) => createSampler({ penalty: 2 }).pick(logits, value)],
  ['pick allowed', (value) => createSampler().pick(logits, [], value)],
]

let longest = 0
for (const [place, call] of calls) {
  for (const [kind, value] of VALUES) {
    // Errors of a listener are passed on.
    if (typeof value === 'function' && /loadModel on/.test(place)) continue
    const measured = async () => {
      try {
        await call(value as never)
      } catch (error) {
        // The message of a failed open quotes the path.
        const isPath = typeof value === 'string' && /^(load|inspect)\w+( tokenizer)?$/.test(place)
        if (error instanceof DasllamaError && !isPath) longest = Math.max(longest, error.message.length)
        throw error
      }
    }
    await attempt(`${place}, ${kind}`, measured, { mayBeAccepted: true })
  }
}
report(longest < 1000, `a message of ${longest} characters`)

/** A source whose close fails after its read: the read's error is what matters. */
const broken = (read: () => Promise<void>): ModelSource => ({
  name: 'broken.gguf',
  size: 1e6,
  read,
  close: async () => {
    throw new Error('close failed')
  },
})
const failure = new DasllamaError('IO', 'read failed')
for (const load of [loadModel, loadTokenizer, inspectModel]) {
  const outcome = await load(broken(() => Promise.reject(failure))).catch((error: unknown) => error)
  report(outcome === failure, `a failing close hides: ${String(outcome)}`)
}
await attempt('closing fails after garbage', () => loadModel(broken(async () => {})), {
  codes: ['BAD_FORMAT'],
})

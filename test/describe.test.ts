import { describe, expect, it } from 'vitest'
import { describeFailure, describeValue, displayName } from '../src/describe.js'

const throwing = {
  toString(): string {
    throw new Error('no')
  },
  [Symbol.toPrimitive](): string {
    throw new Error('no')
  },
}
const withGetter = Object.defineProperty({}, 'key', {
  enumerable: true,
  get(): never {
    throw new Error('no')
  },
})
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const cyclic: { self?: unknown } = {}
cyclic.self = cyclic

describe('describeValue', () => {
  // Not a table of vitest, which would print these values itself.
  const values: [unknown, string][] = [
    ['text', '"text"'],
    ['', '""'],
    ['a "quoted"\nline', '"a \\"quoted\\"\\nline"'],
    ['\u2028\u0085\u202e\u{e0001}\ud800', '"\\u2028\\u0085\\u202e\\udb40\\udc01\\ud800"'],
    ['é😀', '"é😀"'],
    [1.5, '1.5'],
    [-0, '-0'],
    [Number.NaN, 'NaN'],
    [12n, '12n'],
    [10n ** 100_000n, 'a large bigint'],
    [true, 'true'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('name'), 'Symbol(name)'],
    [Symbol(), 'Symbol()'],
    [() => 1, 'a function'],
    [[1, 'two', [3]], '[1, "two", [3]]'],
    [[], '[]'],
    [{}, '{}'],
    [{ a: 1, 'b"': [null] }, '{ "a": 1, "b\\"": [null] }'],
    [Object.create(null), '{}'],
    [cyclic, '{ "self": { "self": { "self": {…} } } }'],
    [new Map([[1, 2]]), 'an instance of Map'],
    [new Float32Array(10), 'an instance of Float32Array'],
    [new (class {})(), 'an object'],
    [throwing, '{ "toString": a function }'],
    [withGetter, 'an object that cannot be read'],
    [revoked(), 'an object that cannot be read'],
    [new Proxy([], { get: () => Number.NaN }), '[]'],
  ]
  it('writes any value on one line', () => {
    for (const [value, text] of values) expect(describeValue(value)).toBe(text)
  })

  it('cuts what is long, whatever it costs to print as a whole', () => {
    expect(describeValue('x'.repeat(3e7))).toBe(`"${'x'.repeat(100)}…"`)
    expect(describeValue('\n'.repeat(3e7))).toBe(`"${'\\n'.repeat(50)}…"`)
    expect(describeValue(new Array(2 ** 32 - 1))).toMatch(/^\[undefined, .{80,90}…$/)
    expect(describeValue({ ['k'.repeat(1e6)]: 1 })).toMatch(/^\{ "k{97}…$/)
    expect(describeValue(Symbol('x'.repeat(1e6))).length).toBeLessThan(115)
  })
})

describe('displayName', () => {
  it('shows what is printable and of ordinary length unchanged', () => {
    const names = ['model.gguf', 'blk.0.attn_q.weight', 'a "b" \\c', 'ü 名前 😀', 'x'.repeat(200)]
    for (const name of names) expect(displayName(name)).toBe(name)
  })

  it('writes any other name as JSON', () => {
    expect(displayName('')).toBe('""')
    expect(displayName('a\nb')).toBe('"a\\nb"')
    expect(displayName('a\u202eb')).toBe('"a\\u202eb"')
    expect(displayName('a\ud800')).toBe('"a\\ud800"')
    expect(displayName('x'.repeat(201))).toBe(`"${'x'.repeat(100)}…"`)
  })
})

describe('describeFailure', () => {
  const reasons: [unknown, string][] = [
    [new Error('plain words'), 'plain words'],
    [new Error('two\nlines'), 'two\\nlines'],
    [new Error('x'.repeat(1e6)), `${'x'.repeat(200)}…`],
    ['a text', 'a text'],
    [404, '404'],
    [undefined, 'undefined'],
    [revoked(), 'an error that cannot be read'],
    [Object.defineProperty(new Error(), 'message', { value: throwing }), '{ "toString": a function }'],
  ]
  it('repeats the message of an error', () => {
    for (const [reason, text] of reasons) expect(describeFailure(reason)).toBe(text)
  })
})

import { describe, expect, it } from 'vitest'
import {
  checkBoolean,
  checkBytes,
  checkCount,
  checkFunction,
  checkIds,
  checkOneOf,
  checkOptions,
  checkSignal,
  checkString,
  checkTokens,
  isRecord,
} from '../src/checks.js'
import { DasllamaError } from '../src/errors.js'

/** A proxy that throws whatever is asked of it. */
function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const HOSTILE: readonly unknown[] = [
  Object.create(null),
  Symbol('s'),
  revoked(),
  { [Symbol.toPrimitive]: 1, toString: null },
  10n ** 100n,
  'x'.repeat(100_000),
]

const CHECKS: readonly (readonly [
  string,
  check: (value: unknown) => unknown,
  good: readonly unknown[],
  bad: readonly unknown[],
])[] = [
  ['a boolean', (v) => checkBoolean('it', v), [true, false], [undefined, null, 0, 1, 'true']],
  ['a string', (v) => checkString('it', v), ['', 'a'], [undefined, null, 1, ['a'], Object('a')]],
  ['a count', (v) => checkCount('it', v, 1, 9), [1, 9], [0, 10, 1.5, Number.NaN, '1', 1n, undefined]],
  ['one of', (v) => checkOneOf('it', v, ['a', 'b']), ['a', 'b'], ['c', '', 'A', undefined, ['a']]],
  ['a function', (v) => checkFunction('it', v), [undefined, () => 1, class {}], [null, {}, 'f', 0]],
  ['bytes', (v) => checkBytes('it', v), [new Uint8Array()], [undefined, [1], new ArrayBuffer(1), 'ab']],
  [
    'a signal',
    checkSignal,
    [undefined, new AbortController().signal],
    [null, {}, new AbortController(), { throwIfAborted() {} }, 1],
  ],
]

describe('checks of arguments', () => {
  it.each(CHECKS)('take %s', (_, check, good) => {
    for (const value of good) expect([undefined, value]).toContain(check(value))
  })

  it.each(CHECKS)(
    'refuse what is not %s, and quote at most about 100 characters of it',
    (_, check, __, bad) => {
      const others = HOSTILE.filter((value) => check !== CHECKS[1][1] || typeof value !== 'string')
      for (const value of [...bad, ...others]) {
        const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT' })
        expect(() => check(value)).toThrow(refusal)
        try {
          check(value)
        } catch (error) {
          expect(error).toBeInstanceOf(DasllamaError)
          expect((error as Error).message).toMatch(/^(it|signal) must be .*, not /)
          expect((error as Error).message.length).toBeLessThan(250)
        }
      }
    },
  )

  it('name the limits and the value', () => {
    expect(() => checkCount('threads', 1.5, 1, 64)).toThrow(
      'threads must be a whole number from 1 to 64, not 1.5',
    )
    expect(() => checkOneOf('mode', 'c', ['a', 'b'])).toThrow('mode must be one of a, b, not "c"')
  })

  it('take options that are an object', () => {
    expect(() => checkOptions({})).not.toThrow()
    expect(() => checkOptions(null)).toThrow('options must be an object, not null')
    expect(() => checkOptions(revoked())).toThrow('options cannot be read')
  })

  it('copy token ids, and name the first that is not in the vocabulary', () => {
    const ids = [0, 9]
    expect(checkTokens('ids', ids, 10)).toEqual(ids)
    expect(checkTokens('ids', ids, 10)).not.toBe(ids)
    expect(checkTokens('ids', new Uint8Array([3]), 10)).toEqual([3])
    expect(() => checkTokens('stopIds', [1, 10], 10)).toThrow('stopIds: token 10 at index 1 is not in')
    for (const id of [-1, 0.5, '1', null, Number.NaN]) {
      expect(() => checkTokens('ids', [id as number], 10)).toThrow('is not in the vocabulary (0 to 9)')
    }
    expect(checkTokens('ids', [], 10)).toEqual([])
    expect(() => checkIds([], 10)).toThrow('there are no tokens to evaluate')
  })

  it('know a record from what is like one', () => {
    expect([{}, Object.create(null), new Map()].map(isRecord)).toEqual([true, true, true])
    expect([null, [], 'a', undefined, () => {}].map(isRecord)).toEqual([false, false, false, false, false])
  })
})

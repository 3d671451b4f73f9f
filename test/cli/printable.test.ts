import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { print, printable } from '../../src/cli/output/printable.js'

describe('printable', () => {
  it('makes control characters visible', () => {
    expect(printable('\x1b]0;title\x07\x1b[2J')).toBe('␛]0;title␇␛[2J')
    expect(printable('a\rb\x7f\x9b31m\0')).toBe('a␍b␡�31m␀')
  })

  it('leaves text alone', () => {
    expect(printable('one\n\ttwo Größe 日本 👍')).toBe('one\n\ttwo Größe 日本 👍')
  })

  it('never lets a control character through but line feed and tab', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[\P{Cc}\n\t]*$/u.test(printable(text))))
  })
})

describe('print', () => {
  it.each([
    [true, '␛[1m'],
    [false, '\x1b[1m'],
  ])('on a terminal (%s) writes %j', async (isTerminal, expected) => {
    let written = ''
    const write = async (text: string) => {
      written += text
    }
    await print({ isTerminal, hasColors: false, columns: undefined, write }, '\x1b[1m')
    expect(written).toBe(expected)
  })
})

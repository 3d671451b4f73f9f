import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { definitions, paragraphs, wrapped } from '../../src/cli/output/layout.js'
import { progressLine } from '../../src/cli/output/progress.js'
import { styled } from '../../src/cli/output/style.js'
import { FakeTerminal } from './fake-terminal.js'

describe('text', () => {
  it('breaks between words', () => {
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrapped('one two', 7)).toEqual(['one two'])
    expect(wrapped('incomprehensible words', 7)).toEqual(['incomprehensible', 'words'])
    expect(wrapped('', 7)).toEqual([''])
  })

  it('keeps indented lines', () => {
    expect(paragraphs('one two three\n\n  four five six\n', 7)).toBe('one two\nthree\n\n  four five six\n')
    expect(paragraphs('one two three', undefined)).toBe('one two three')
  })

  it('puts summaries beside names, or below long ones', () => {
    expect(
      definitions(
        [
          ['a', 'one two three four five six'],
          ['bc', 'x'],
        ],
        30,
      ).join(''),
    ).toBe('  a   one two three four five\n      six\n  bc  x\n')
    expect(
      definitions(
        [
          ['--a-name-that-is-much-longer-than-others N', 'one two'],
          ['b', 'x'],
        ],
        60,
      ).join(''),
    ).toBe(`  --a-name-that-is-much-longer-than-others N\n${' '.repeat(32)}one two\n  ${'b'.padEnd(28)}  x\n`)
  })
})

describe('--help', () => {
  it.each([40, 80, 100])('fits a terminal of %i columns, and breaks between words', async (columns) => {
    for (const command of ['run', 'chat', 'embed', 'inspect', 'tokenize', 'perplexity']) {
      const narrow = new FakeTerminal({ watched: true, columns })
      await main([command, '--help'], narrow)
      const wide = new FakeTerminal()
      await main([command, '--help'], wide)
      const words = (text: string) => text.split(/\s+/)
      expect(words(narrow.out)).toEqual(words(wide.out))
      // Longer lines are examples, usage lines, or names of options.
      const long = narrow.out
        .split('\n')
        .filter((line) => line.length > columns && !/^( {2}dasllama| {2}echo|Usage:| {2}-)/.test(line))
      for (const line of long) expect(line.trim()).not.toContain(' ')
    }
  })

  it('has one line per option in files and pipes', async () => {
    const terminal = new FakeTerminal()
    await main(['run', '--help'], terminal)
    expect(terminal.out).toMatch(
      /^ {2}--top-k N +choose among the N most likely tokens only; 0 is off \(default 0\)$/m,
    )
  })
})

describe('styles', () => {
  it('are applied to outputs with colours only, per line', () => {
    const terminal = { isTerminal: true, hasColors: true, columns: 80, write: async () => {} }
    expect(styled(terminal, 'dim', 'one\ntwo\n')).toBe('\x1b[2mone\x1b[22m\n\x1b[2mtwo\x1b[22m\n')
    expect(styled(terminal, 'red', 'a\x1b[2Jb')).toBe('\x1b[31ma␛[2Jb\x1b[39m')
    expect(styled({ ...terminal, hasColors: false }, 'red', 'a\x1b[2J')).toBe('a␛[2J')
  })
})

describe('the progress of a load', () => {
  const half = { loaded: 50 * 2 ** 20, total: 100 * 2 ** 20 }

  it('shows the rate and the remaining time', () => {
    const rate = 2 ** 20
    expect(progressLine(half, rate, 100)).toMatch(
      /^loading █{15}░{15} 50 % of 100\.0 MiB, 1\.0 MiB\/s, 50 s left$/,
    )
    expect(progressLine(half, rate / 10, 100)).toContain('8 min 20 s left')
    expect(progressLine(half, rate / 1000, 100)).toContain('13 h 53 min left')
    expect(progressLine(half, 0, 100)).toMatch(/50 % of 100\.0 MiB$/)
    expect(progressLine({ ...half, loaded: half.total }, rate, 100)).not.toContain('left')
  })

  it('fits into a line: one that breaks could not be erased', () => {
    for (let columns = 1; columns < 120; columns++) {
      expect(progressLine(half, 2 ** 20, columns).length).toBeLessThan(Math.max(columns, 1))
    }
  })
})

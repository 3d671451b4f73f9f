import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { loadTokenizer } from '../../src/index.js'
import { TINY_STORIES } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

async function tokenize(args: readonly string[], terminal = new FakeTerminal()) {
  const code = await main(['tokenize', TINY_STORIES, ...args], terminal)
  expect([code, terminal.err]).toEqual([0, ''])
  return terminal.out
}

describe('dasllama tokenize', () => {
  it('prints ids in the format of run --prompt-ids', async () => {
    const ids = (await loadTokenizer(TINY_STORIES)).encode('Once upon a time')
    expect(ids.length).toBeGreaterThan(2)
    expect(await tokenize(['Once upon a time'])).toBe(`${ids.join(',')}\n`)
  })

  it('--json prints one object', async () => {
    const { ids, pieces, ...rest } = JSON.parse(await tokenize(['Once upon a time', '--json']))
    expect(rest).toEqual({})
    expect(pieces.slice(1).join('')).toBe('Once upon a time')
    expect(ids).toHaveLength(pieces.length)
  })

  it('--pieces shows each token with its text', async () => {
    expect(await tokenize(['Once\nupon', '--pieces', '--no-special'])).toMatch(/^\d+ +"Once"\n\d+ +"\\n"\n/)
  })

  it('adds and reads control tokens as told', async () => {
    const text = '<|endoftext|>'
    const ids = async (...args: string[]) => (await tokenize([text, ...args])).trim().split(',').map(Number)
    const plain = await ids('--no-special')
    expect(plain.length).toBeGreaterThan(1)
    expect(await ids()).toEqual([0, ...plain])
    expect(await ids('--no-special', '--parse-special')).toEqual([0])
  })

  it('reads standard input unchanged', async () => {
    const terminal = new FakeTerminal()
    terminal.input = 'one\n'
    expect(await tokenize(['-'], terminal)).toBe(await tokenize(['one\n']))
  })

  it('accepts text that looks like an option after --', async () => {
    expect(await tokenize(['--json', '--', '--json'])).toContain('"ids"')
  })
})

import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { FakeTerminal } from './fake-terminal.js'

async function run(...args: readonly string[]) {
  const terminal = new FakeTerminal()
  const code = await main(['batch', ...args], terminal)
  return { code, out: terminal.out, err: terminal.err }
}

describe('dasllama batch', () => {
  it('lists its commands', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    for (const word of ['submit', 'work', 'status', 'result', 'cancel', 'delete']) {
      expect(out).toMatch(new RegExp(`^  ${word} `, 'm'))
    }
    expect(await run()).toMatchObject({ code: 2, out: '' })
    const terminal = new FakeTerminal()
    expect(await main(['help', 'batch'], terminal)).toBe(0)
    expect(terminal.out).toBe(out)
  })

  it('has help for each of them', async () => {
    const { code, out } = await run('status', '--help')
    expect(code).toBe(0)
    expect(out).toContain('Usage: dasllama batch status [ID] [options]')
  })

  // Wrong usage is found before Redis is looked for.
  it.each([
    [['stats'], /there is no command batch stats\ndid you mean status\?/],
    [['start'], /there is no command batch start/],
    [['submit'], /batch submit needs FILE/],
    [['result'], /batch result needs ID[\s\S]*batch status lists/],
    [['status', 'a', 'b'], /unexpected argument "b"/],
    [['work'], /needs MODEL or --server/],
    [['work', 'a.gguf', '--server', 'http://x'], /either models or --server/],
    [['work', 'a.gguf', '--parallel', '0'], /--parallel must be/],
    [['work', 'a.gguf', '--lost-after', '0'], /--lost-after must be/],
    [['status', '--queue', 'a b'], /--queue must be 1 to 100 letters/],
  ])('rejects %j', async (args, message) => {
    const { code, out, err } = await run(...args)
    expect(err).toMatch(message)
    expect([code, out]).toEqual([2, ''])
  })

  it('says that an address is not one of Redis, without showing it', async () => {
    const { code, err } = await run('status', '--redis', 'http://user:hidden@localhost')
    expect(code).toBe(1)
    expect(err).toMatch(/must be a redis: or rediss: URL\nsuch as/)
    expect(err).not.toContain('hidden')
  })
})

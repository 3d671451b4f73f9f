import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nodeLines } from '../../src/platform/node-lines.js'
import { ABANDONED } from '../../src/platform/terminal.js'

afterEach(() => vi.unstubAllEnvs())

/** A stream of keys, and what the screen is sent. */
function keyboard({ isTTY = true, term = 'xterm' } = {}) {
  vi.stubEnv('TERM', term)
  const input = Object.assign(new PassThrough(), { isTTY })
  const output = Object.assign(new PassThrough(), { isTTY })
  let shown = ''
  output.on('data', (bytes) => {
    shown += bytes
  })
  return { input, lines: nodeLines(input, output), shown: () => shown }
}

describe('lines that are typed', () => {
  it('come one by one, also those that were typed before', async () => {
    const { input, lines } = keyboard()
    expect(lines.isTerminal).toBe(true)
    input.write('one\rtwo\r')
    expect(await lines.next('> ')).toBe('one')
    expect(await lines.next('> ')).toBe('two')
    const third = lines.next('> ')
    // Key by key: Node 20 appends what comes together with other keys.
    for (const key of ['thee', '\x1b[D', 'r', '\r']) {
      input.write(key)
      await setImmediate()
    }
    expect(await third).toBe('there')
    const last = lines.next('> ')
    input.write('\x04')
    expect(await last).toBeUndefined()
    lines.close()
  })

  it('bring earlier ones back with the arrow keys', async () => {
    const { input, lines } = keyboard()
    for (const keys of ['Hello\r', 'Bye\r', '\x1b[A\x1b[A\r']) {
      const next = lines.next('> ')
      input.write(keys)
      if (keys.startsWith('\x1b')) expect(await next).toBe('Hello')
      else await next
    }
    lines.close()
  })

  it('stay together when they are pasted, with what is typed around them', async () => {
    const { input, lines, shown } = keyboard()
    const next = lines.next('> ')
    input.write('Look: \x1b[200~one\rtwo\r\r漢字 😀\x1b[201~!')
    await setImmediate()
    let isSent = false
    void next.then(() => {
      isSent = true
    })
    await setImmediate()
    expect(isSent).toBe(false)
    input.write('\r')
    expect(await next).toBe('Look: one\ntwo\n\n漢字 😀!')
    expect(shown()).toContain('… ')
    const after = lines.next('> ')
    input.write('three\r')
    expect(await after).toBe('three')
    lines.close()
    expect(shown().split('\x1b[?2004h')).toHaveLength(2)
    expect(shown().split('\x1b[?2004l')).toHaveLength(2)
  })

  it('are thrown away when they are abandoned', async () => {
    const { input, lines } = keyboard()
    expect(lines.abandon()).toBe(false)
    const cases: [string, boolean][] = [
      ['half', true],
      ['', false],
      ['\x1b[200~one\rtwo\x1b[201~', true],
      ['\x1b[200~one\r\x1b[201~', true],
      // A paste without an end.
      ['\x1b[200~one\rtwo', true],
    ]
    for (const [keys, hadText] of cases) {
      const next = lines.next('> ')
      input.write(keys)
      await setImmediate()
      expect(lines.abandon(), JSON.stringify(keys)).toBe(hadText)
      expect(await next).toBe(ABANDONED)
    }
    input.write('waiting\r')
    await setImmediate()
    lines.abandon()
    const next = lines.next('> ')
    input.write('new\r')
    expect(await next).toBe('new')
    lines.close()
  })

  it('tell of Ctrl-C', async () => {
    const { input, lines } = keyboard()
    const pressed = vi.fn()
    lines.onInterrupt(pressed)
    void lines.next('> ')
    input.write('abc\x03')
    await setImmediate()
    expect(pressed).toHaveBeenCalledTimes(1)
    lines.close()
  })

  it('are asked for without escape sequences of its own on a terminal that knows none', () => {
    const { lines, shown } = keyboard({ term: 'dumb' })
    lines.close()
    expect(shown()).toBe('')
  })
})

describe('lines of a pipe', () => {
  it('come as they are, the last one without an end too', async () => {
    const { input, lines, shown } = keyboard({ isTTY: false })
    input.end('one\r\n\n\x1b[200~two\nthree')
    expect(lines.isTerminal).toBe(false)
    for (const line of ['one', '', '\x1b[200~two', 'three', undefined])
      expect(await lines.next('> ')).toBe(line)
    lines.close()
    expect(shown()).toBe('')
  })
})

import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nodeLines } from '../../src/platform/node/lines.js'
import { ABANDONED, type LineOptions } from '../../src/platform/terminal.js'
import { Screen } from '../support/screen.js'

afterEach(() => vi.unstubAllEnvs())

/** A stream of keys, and what is written to the screen. */
function keyboard({
  isTTY = true,
  term = 'xterm',
  ...options
}: { isTTY?: boolean; term?: string } & LineOptions = {}) {
  vi.stubEnv('TERM', term)
  const input = Object.assign(new PassThrough(), { isTTY })
  const output = Object.assign(new PassThrough(), { isTTY, columns: 40 })
  let shown = ''
  output.on('data', (bytes) => {
    shown += bytes
  })
  /** Presses keys: each string is one key, or typed letters. */
  const type = async (...keys: readonly string[]) => {
    for (const key of keys) {
      for (const part of key.startsWith('\x1b') ? [key] : key) {
        input.write(part)
        await setImmediate()
      }
    }
  }
  const screen = (width = 40) => {
    const screen = new Screen(width)
    screen.write(shown)
    return screen
  }
  return { input, output, lines: nodeLines(input, output, options), shown: () => shown, type, screen }
}

describe('lines that are typed', () => {
  it('come one by one, including those typed before they are read', async () => {
    const { input, lines } = keyboard()
    expect(lines.isTerminal).toBe(true)
    input.write('one\rtwo\r')
    expect(await lines.next('> ')).toBe('one')
    expect(await lines.next('> ')).toBe('two')
    const third = lines.next('> ')
    // Key by key, because Node 20 appends text that arrives together with other keys.
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

  it('are recalled from the history with the arrow keys', async () => {
    const { input, lines } = keyboard()
    for (const keys of ['Hello\r', 'Bye\r', '\x1b[A\x1b[A\r']) {
      const next = lines.next('> ')
      input.write(keys)
      if (keys.startsWith('\x1b')) expect(await next).toBe('Hello')
      else await next
    }
    lines.close()
  })

  it('stay together when pasted, with the text typed around them', async () => {
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
    const after = lines.next('> ')
    input.write('three\r')
    expect(await after).toBe('three')
    lines.close()
    expect(shown().split('\x1b[?2004h')).toHaveLength(2)
    expect(shown().split('\x1b[?2004l')).toHaveLength(2)
  })

  it('are one history entry when pasted or continued', async () => {
    const { lines, type } = keyboard({ continues: (text) => text.endsWith('\\') })
    for (const [keys, expected] of [
      [['\x1b[200~', 'one\rtwo', '\x1b[201~', '\r'], 'one\ntwo'],
      [['three\\\rfour\\\rfive\r'], 'three\\\nfour\\\nfive'],
      [['six', '\x1b\r', 'seven\r'], 'six\nseven'],
      [['\x1b[A', '\r'], 'six\nseven'],
      [['\x1b[A', '\x1b[A', '\r'], 'three\\\nfour\\\nfive'],
      [['\x1b[A', '\x1b[A', '\x1b[A', '!\r'], 'one\ntwo!'],
    ] as const) {
      const next = lines.next('> ')
      await type(...keys)
      expect(await next).toBe(expected)
    }
    lines.close()
  })

  it('are stripped of control characters when pasted', async () => {
    const { lines, type } = keyboard()
    const next = lines.next('> ')
    await type('\x1b[200~', 'a\x07b\x1b', '[31mc\td', '\x1b[201~', '\r')
    expect(await next).toBe('ab[31mc\td')
    lines.close()
  })

  it('are searched with Ctrl-R, newest first', async () => {
    const { lines, type, screen } = keyboard()
    const said = async (...keys: readonly string[]) => {
      const next = lines.next('> ')
      await type(...keys)
      return next
    }
    await said('the red cat\r')
    await said('the dog\r')
    await said('a red ball\r')
    expect(await said('\x12', 'red', '\r')).toBe('a red ball')
    expect(await said('\x12', 'red', '\x12', '\r')).toBe('the red cat')
    // There is no older one: it does not change.
    expect(await said('\x12', 'dog', '\x12', '\r')).toBe('the dog')
    // Backspace shortens the query; another key ends the search with the found entry.
    expect(await said('\x12', 'redx', '\x7f', '\x05', '!\r')).toBe('the red cat!')
    // Cancelled, the line from before is restored.
    expect(await said('half', '\x12', 'cat', '\x07', ' typed\r')).toBe('half typed')
    const next = lines.next('> ')
    await type('\x12', 'red')
    expect(screen().text.split('\n').at(-1)).toBe('(search: red) the red cat!')
    await type('zzz')
    expect(screen().text.split('\n').at(-1)).toBe('(search finds nothing: redzzz)')
    lines.abandon()
    expect(await next).toBe(ABANDONED)
    lines.close()
  })

  it('are completed with Tab', async () => {
    const { lines, type } = keyboard({
      complete: (text) => ['/help', '/history', '/exit'].filter((each) => each.startsWith(text)),
    })
    const next = lines.next('> ')
    await type('/e', '\t', '\r')
    expect(await next).toBe('/exit')
    const other = lines.next('> ')
    await type('/h', '\t', 'e', '\t', '\r')
    expect(await other).toBe('/help')
    lines.close()
  })

  it.each([20, 25, 39, 41, 60, 200])(
    'are shown once after the window has become %i columns wide',
    async (width) => {
      const { lines, type, output, shown, screen } = keyboard()
      const text = 'a text that takes more than one row of forty columns, and is edited'
      void lines.next('> ')
      await type(text, '\x1b[D', '\x1b[D')
      const resized = screen()
      const before = shown().length
      resized.resize(width)
      output.columns = width
      output.emit('resize')
      await type('!')
      resized.write(shown().slice(before))
      const rows = resized.text.split('\n')
      expect(
        rows
          .map((row) => row.padEnd(width))
          .join('')
          .trimEnd(),
      ).toBe(`> ${text.slice(0, -2)}!ed`)
      lines.close()
    },
  )

  it('are not echoed into output while no line is being read', async () => {
    const { lines, type, shown, output } = keyboard()
    const first = lines.next('> ')
    await type('Hello\r')
    await first
    const before = shown()
    await type('typed ahead')
    output.columns = 30
    output.emit('resize')
    expect(shown()).toBe(before)
    const second = lines.next('> ')
    await type('!\r')
    expect(await second).toBe('typed ahead!')
    expect(shown().slice(before.length)).toContain('> typed ahead')
    await type('early\r')
    expect(await lines.next('> ')).toBe('early')
    expect(shown()).toMatch(/> early\n$/)
    lines.close()
  })

  it('are discarded by abandon()', async () => {
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

  it('report Ctrl-C', async () => {
    const { input, lines } = keyboard()
    const pressed = vi.fn()
    lines.onInterrupt(pressed)
    void lines.next('> ')
    input.write('abc\x03')
    await setImmediate()
    expect(pressed).toHaveBeenCalledTimes(1)
    lines.close()
  })

  it('can be continued on a terminal without escape sequences', async () => {
    const { lines, type, shown } = keyboard({ term: 'dumb', continues: (text) => text.endsWith('\\') })
    const next = lines.next('> ')
    await type('one\\\r', 'two\r')
    expect(await next).toBe('one\\\ntwo')
    expect(shown()).toContain('> ')
    expect(shown()).toContain('… ')
    const after = lines.next('> ')
    await type('three\r')
    expect(await after).toBe('three')
    lines.close()
  })

  it('are prompted for without escape sequences on a terminal that has none', () => {
    const { lines, shown } = keyboard({ term: 'dumb' })
    lines.close()
    expect(shown()).toBe('')
  })
})

describe('lines of a pipe', () => {
  it('are passed on unchanged, including a last one without a line break', async () => {
    const { input, lines, shown } = keyboard({ isTTY: false })
    input.end('one\r\n\n\x1b[200~two\nthree')
    expect(lines.isTerminal).toBe(false)
    for (const line of ['one', '', '\x1b[200~two', 'three', undefined])
      expect(await lines.next('> ')).toBe(line)
    lines.close()
    expect(shown()).toBe('')
  })
})

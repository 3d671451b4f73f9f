/**
 * The program on a terminal of the operating system, which util-linux's `script` makes (every Debian has it): raw mode,
 * signals and the size of the window are real here.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { TINY_STORIES } from '../support/model-files.js'
import { Screen } from '../support/screen.js'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** Runs the program in a window of 60 columns; `type` waits for a text on the screen before it types. */
function program(args: readonly string[], { FORCE_COLOR: _, NO_COLOR: __, ...env } = process.env) {
  const command = ['stty cols 60 rows 24;', 'exec', process.execPath, CLI, ...args].join(' ')
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { ...env, TERM: 'xterm' },
  })
  const screen = new Screen(60)
  let raw = ''
  let wake = () => {}
  child.stdout.on('data', (bytes) => {
    raw += bytes
    screen.write(String(bytes))
    wake()
  })
  const ended = once(child, 'close').then(([code]) => code as number)
  return {
    screen,
    raw: () => raw,
    ended,
    [Symbol.dispose]: () => void child.kill(),
    async type(after: RegExp, keys: string) {
      while (!after.test(screen.text)) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      child.stdin.write(keys)
    },
  }
}

describe.runIf(process.platform === 'linux')('dasllama chat in a terminal of the operating system', () => {
  it('edits, answers, shows statistics and leaves', async () => {
    using running = program([
      ...['chat', TINY_STORIES, '--template', 'chatml', '--max-tokens', '8', '--temp', '0'],
    ])
    const { screen, type, ended, raw } = running
    await type(/\n>$/, 'Once upon a tme\x1b[Di\r')
    await type(/\(8 tokens[\s\S]*\n>$/, '/st\t')
    await type(/> \/stats$/, '\r')
    await type(/context +\d+ of[\s\S]*\n>$/, '/bye\r')
    expect(await ended).toBe(0)
    expect(screen.text).toMatch(/^model {5}tiny-stories\.Q8_0\.gguf, llama\n/)
    expect(screen.text).toMatch(/^context +\d+ of 256 tokens used, \d+ %$/m)
    expect(raw()).toContain('\x1b[2m(8 tokens')
    // The terminal's state is restored.
    expect(raw().split('\x1b[?2004h')).toHaveLength(2)
    expect(raw().split('\x1b[?2004l')).toHaveLength(2)
  })

  it('Ctrl-C stops a reply and Ctrl-D leaves', async () => {
    using running = program([
      ...['chat', TINY_STORIES, '--template', 'chatml', '--ignore-eos', '--overflow', 'shift', '--temp', '0'],
    ])
    const { screen, type, ended } = running
    await type(/\n>$/, 'Hi\r')
    await type(/> Hi\n[\s\S]{20}/, '\x03')
    await type(/cut: interrupted\)\n>$/, '\x04')
    expect(await ended).toBe(0)
    // Its last line follows the prompt.
    expect(screen.text).toMatch(/cut: interrupted\)\n>\n$/)
  })
})

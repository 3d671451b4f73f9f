import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { TINY_STORIES } from '../support/model-files.js'

const PROMPT = ['--prompt', 'Once upon a time']
/** A text without an end: a program that is surely still running when it is stopped. */
const ENDLESS = ['--prompt', 'Lily', '--context-shift', '--ignore-eos']

/** Tests of the command line in a separate process, started with `command`. */
export function programSuite(command: readonly string[]) {
  function start(args: readonly string[]): ChildProcessWithoutNullStreams {
    // From elsewhere: as an installed program is called.
    return spawn(command[0], [...command.slice(1), ...args], { cwd: '/' })
  }

  async function run(args: readonly string[], input: string | Uint8Array = '') {
    const child = start(args)
    child.stdin.on('error', () => {}) // a program that needs no input may end before it came
    child.stdin.end(input)
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    return { code, out, err }
  }

  it('ends with 0, 1 and 2', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, err: '' })
    expect(await run(['inspect', 'no/such.gguf'])).toMatchObject({ code: 1, out: '' })
    expect(await run(['run'])).toMatchObject({ code: 2, out: '' })
  })

  it('prints the same text for the same seed, nothing else on stdout', async () => {
    const args = ['run', TINY_STORIES, ...PROMPT, '--max-tokens', '16', '--temp', '1', '--seed', '11']
    const [plain, json] = await Promise.all([run(args), run([...args, '--json'])])
    expect(json).toMatchObject({ code: 0, err: '' })
    expect(plain.out).toBe(`${JSON.parse(json.out).text}\n`)
    expect(plain.err).toContain('seed 11')
  })

  it('reads standard input', async () => {
    const { out } = await run(['tokenize', TINY_STORIES, '-', '--json', '--no-special'], 'Größe\n')
    expect(JSON.parse(out).ids.length).toBeGreaterThan(3)
    const bad = await run(['tokenize', TINY_STORIES, '-'], Uint8Array.of(0x61, 0xff))
    expect(bad).toMatchObject({ code: 1, out: '' })
    expect(bad.err).toContain('UTF-8')
  })

  it('chats with the lines of a pipe', async () => {
    const args = ['chat', TINY_STORIES, '--template', 'chatml', '--max-tokens', '4', '--temp', '0']
    const { code, out, err } = await run(args, 'Once upon a time\nthere was\n')
    expect(code).toBe(0)
    expect(out.trim().split(/\n+/)).toHaveLength(2)
    expect(err).toBe('(cut: --max-tokens reached)\n'.repeat(2))
  })

  it('ends quietly when its reader has gone', async () => {
    const child = start(['run', TINY_STORIES, ...ENDLESS])
    const [err, [code]] = await Promise.all([
      text(child.stderr),
      once(child, 'close'),
      once(child.stdout, 'data').then(() => child.stdout.destroy()),
    ])
    expect([code, err]).toEqual([0, ''])
  })

  it('stops at Ctrl-C with the statistics', async () => {
    const child = start(['run', TINY_STORIES, ...ENDLESS])
    const [err, [code]] = await Promise.all([
      text(child.stderr),
      once(child, 'close'),
      once(child.stdout, 'data').then(() => child.kill('SIGINT')),
    ])
    expect(code).toBe(130)
    expect(err).toContain('interrupted')
  })
}

import { describe, expect, it, vi } from 'vitest'
import { main } from '../../src/cli/main.js'
import { Model } from '../../src/index.js'
import { TINY_STORIES } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

const STORY = ', there was a little girl named Lily.'
const PROMPT = ['--prompt', 'Once upon a time']

async function run(args: readonly string[], terminal = new FakeTerminal()) {
  const code = await main(['run', TINY_STORIES, ...args], terminal)
  return { code, out: terminal.out, err: terminal.err }
}

async function runJson(args: readonly string[], terminal?: FakeTerminal) {
  const { code, out, err } = await run([...args, '--json'], terminal)
  expect(err).toBe('')
  expect(out).toMatch(/^[^\n]*\n$/)
  return { code, ...JSON.parse(out) }
}

describe('dasllama run', () => {
  it('streams the text to stdout, then statistics to stderr', async () => {
    const terminal = new FakeTerminal()
    let writes = 0
    terminal.onOutput = () => {
      writes++
      expect(terminal.err).toBe('')
    }
    const { code, out, err } = await run([...PROMPT, '--max-tokens', '9', '--seed', '5'], terminal)
    expect([code, out]).toEqual([0, `${STORY}\n`])
    expect(writes).toBeGreaterThanOrEqual(9)
    expect(err).toMatch(
      /^prompt 5 tokens, [\d.]+ tok\/s \| generated 9 tokens, [\d.]+ tok\/s \| first token after \d+ ms \| --max-tokens reached \| seed 5\n$/,
    )
  })

  it('--json prints one object and nothing else', async () => {
    const { code, ...result } = await runJson([...PROMPT, '--max-tokens', '9', '--seed', '5'])
    expect(code).toBe(0)
    expect(Object.keys(result)).toEqual(['promptIds', 'ids', 'text', 'stats', 'stopReason', 'seed'])
    expect(result).toMatchObject({
      text: STORY,
      stopReason: 'length',
      seed: 5,
      stats: { nPrompt: 5, nGen: 9 },
    })
    expect(result.ids).toHaveLength(9)
    expect(Object.keys(result.stats)).toEqual(['nPrompt', 'nGen', 'ttftMs', 'prefillTps', 'genTps'])
  })

  it('is told by its seed, also when it drew the seed itself', async () => {
    const options = [...PROMPT, '--max-tokens', '12', '--temp', '1', '--top-k', '50']
    const drawn = await runJson(options)
    const again = await runJson([...options, '--seed', String(drawn.seed)])
    expect(again.ids).toEqual(drawn.ids)
    expect((await runJson([...options, '--seed', String(drawn.seed + 1)])).ids).not.toEqual(drawn.ids)
  })

  it('hands every knob on', async () => {
    const base = [...PROMPT, '--max-tokens', '60', '--seed', '1']
    const greedy = (await runJson(base)).ids
    expect((await runJson([...base, '--temp', '1.5', '--top-k', '1'])).ids).toEqual(greedy)
    const penalised = (await runJson([...base, '--penalty', '1.5'])).ids
    expect(penalised).not.toEqual(greedy)
    expect((await runJson([...base, '--penalty', '1.5', '--penalty-last-n', '2'])).ids).not.toEqual(penalised)
    expect((await runJson([...base, '--penalty', '1.5', '--penalty-last-n', '0'])).ids).toEqual(greedy)
  })

  it('takes ids for a prompt', async () => {
    const { promptIds, ids } = await runJson([...PROMPT, '--max-tokens', '5'])
    const given = await runJson(['--prompt-ids', promptIds.join(','), '--max-tokens', '5'])
    expect(given).toMatchObject({ promptIds, ids })
  })

  it('reads the prompt from standard input, as it is', async () => {
    const terminal = new FakeTerminal()
    terminal.input = 'Once upon a time'
    expect((await runJson(['--prompt', '-', '--max-tokens', '9'], terminal)).text).toBe(STORY)
  })

  it('echoes the prompt when asked', async () => {
    expect((await run([...PROMPT, '--echo', '--max-tokens', '9'])).out).toBe(`Once upon a time${STORY}\n`)
  })

  it('may generate nothing', async () => {
    expect(await runJson([...PROMPT, '--max-tokens', '0'])).toMatchObject({ code: 0, ids: [], text: '' })
  })

  it('ends where the context ends', async () => {
    const { code, stopReason, ids } = await runJson([...PROMPT, '--context', '16'])
    expect([code, stopReason]).toEqual([0, 'context'])
    expect(ids).toHaveLength(12)
  })

  it.each([
    [['--prompt', 'Once upon a time', '--context', '3'], 'do not fit'],
    [['--prompt-ids', '1,4096'], 'not in the vocabulary'],
  ])('fails for %j', async (args, message) => {
    const { code, out, err } = await run(args)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^dasllama: /)
    expect(err).toContain(message)
  })

  it("shows a terminal the model's control characters instead of obeying them", async () => {
    const args = ['--prompt', '\x1b[2J', '--echo', '--max-tokens', '1']
    expect((await run(args, new FakeTerminal({ watched: true }))).out).toMatch(/^␛\[2J/)
    expect((await run(args)).out.startsWith('\x1b[2J')).toBe(true)
  })

  describe('on Ctrl-C', () => {
    it('stops, prints the statistics and says so in the exit code', async () => {
      const terminal = new FakeTerminal()
      let writes = 0
      terminal.onOutput = () => {
        if (++writes === 3) expect(terminal.interrupt()).toBe(true)
      }
      const { code, out, err } = await run(PROMPT, terminal)
      expect(code).toBe(130)
      expect(out).toBe(', there was\n')
      expect(err).toMatch(/generated 3 tokens.*interrupted/)
      expect(terminal.interrupt()).toBe(false)
    })

    it('ends while the model loads', async () => {
      const terminal = new FakeTerminal()
      const ended = run(PROMPT, terminal)
      await Promise.resolve()
      expect(terminal.interrupt()).toBe(true)
      expect(await ended).toEqual({ code: 130, out: '', err: '' })
    })

    it('with --json still prints the object', async () => {
      const terminal = new FakeTerminal()
      const ended = runJson(PROMPT, terminal)
      const started = vi.spyOn(Model.prototype, 'createSession')
      const presses = setInterval(() => started.mock.calls.length > 0 && terminal.interrupt(), 1)
      const { code, stopReason } = await ended.finally(() => {
        clearInterval(presses)
        started.mockRestore()
      })
      expect([code, stopReason]).toEqual([130, 'abort'])
    })
  })
})

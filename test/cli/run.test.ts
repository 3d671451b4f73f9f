import { writeFile } from 'node:fs/promises'
import { describe, expect, it, vi } from 'vitest'
import { main } from '../../src/cli/main.js'
import { str } from '../../src/gguf/typed-value.js'
import { DEFAULT_SAMPLING, loadModel, Model, Session } from '../../src/index.js'
import { draftHeadModel } from '../support/draft-head-model.js'
import { TINY_STORIES, temporaryFolder } from '../support/model-files.js'
import { asOptions } from './as-options.js'
import { FakeTerminal } from './fake-terminal.js'
import { smallModelFile } from './small-model.js'

const STORY = ', there was a little girl named Lily.'
const PROMPT = ['--prompt', 'Once upon a time']

async function run(args: readonly string[], terminal = new FakeTerminal(), model = TINY_STORIES) {
  const code = await main(['run', model, ...args], terminal)
  return { code, out: terminal.out, err: terminal.err }
}

async function runJson(args: readonly string[], terminal?: FakeTerminal, model?: string) {
  const { code, out, err } = await run([...args, '--json'], terminal, model)
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

  it('--draft and --speculation lookup change no token', async () => {
    const args = [...PROMPT, '--max-tokens', '60', '--seed', '5', '--temp', '0.5']
    const { text, ids } = await runJson(args)
    for (const more of [
      ['--draft', TINY_STORIES],
      ['-md', TINY_STORIES],
      ['--speculation', 'lookup'],
    ]) {
      expect(await runJson([...args, ...more])).toMatchObject({ code: 0, text, ids })
    }
  })

  it('refuses --draft with lookup, and a draft model that has another vocabulary', async () => {
    const { code, err } = await run([...PROMPT, '--draft', TINY_STORIES, '--speculation', 'lookup'])
    expect([code, err]).toEqual([2, expect.stringContaining('--draft and --speculation lookup')])
    await using folder = await temporaryFolder()
    const other = await run([...PROMPT, '--draft', await smallModelFile(folder.path, {})])
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('another vocabulary')])
  })

  it('--speculation mtp loads the draft head and changes no token; a file without one is refused', async () => {
    await using folder = await temporaryFolder()
    const file = `${folder.path}/head.gguf`
    await writeFile(file, draftHeadModel({ layerScale: 0.1, stateShare: 0.1 }))
    const args = ['--prompt', 'Once', '--max-tokens', '40', '--ignore-eos', '--seed', '5', '--temp', '0.5']
    const runHead = (...more: string[]) => runJson([...args, ...more], undefined, file)
    const { text, ids } = await runHead()
    expect(await runHead('--speculation', 'mtp')).toMatchObject({ code: 0, text, ids })
    const { code, err } = await run([...PROMPT, '--speculation', 'mtp'])
    expect([code, err]).toEqual([1, expect.stringContaining('draftHead: this version uses none of')])
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
    expect(Object.keys(result.stats)).toEqual([
      'nPrompt',
      'nCached',
      'nGen',
      'nShifts',
      'nDrafted',
      'nAccepted',
      'ttftMs',
      'prefillTps',
      'genTps',
    ])
  })

  it('is reproduced by its seed, also when it drew the seed itself', async () => {
    const options = [...PROMPT, '--max-tokens', '12', '--temp', '1', '--top-k', '50']
    const drawn = await runJson(options)
    const again = await runJson([...options, '--seed', String(drawn.seed)])
    expect(again.ids).toEqual(drawn.ids)
    expect((await runJson([...options, '--seed', String(drawn.seed + 1)])).ids).not.toEqual(drawn.ids)
  })

  it('hands every knob on', async () => {
    const given = {
      temp: 0.7,
      topK: 30,
      topP: 0.9,
      minP: 0.05,
      penalty: 1.2,
      presencePenalty: 0.1,
      frequencyPenalty: -0.2,
      penaltyLastN: 32,
      typicalP: 0.8,
      topNSigma: 2,
      xtcProbability: 0.3,
      xtcThreshold: 0.2,
      dryMultiplier: 0.6,
      dryBase: 1.5,
      dryAllowedLength: 3,
      dryPenaltyLastN: 100,
      dryBreakers: [13, 14],
      dynatempRange: 0.2,
      dynatempExponent: 1.1,
      mirostatTau: 5,
      mirostatEta: 0.3,
      logitBias: { 5: -1, 6: Number.NEGATIVE_INFINITY },
      bannedIds: [7],
      forcedIds: [8, 9],
      minTokens: 2,
      samplers: ['temperature', 'topK'],
    }
    expect(await parametersOf(given)).toEqual({ ...given, ignoreEos: false })
    expect(await parametersOf({})).toEqual(DEFAULT_SAMPLING)
    expect(await parametersOf({ ignoreEos: true })).toEqual({ ...DEFAULT_SAMPLING, ignoreEos: true })
    expect(Object.keys({ ...given, ignoreEos: true }).sort()).toEqual(Object.keys(DEFAULT_SAMPLING).sort())

    /** The parameters that the session gets from the options. */
    async function parametersOf(parameters: object) {
      const generate = vi.spyOn(Session.prototype, 'generate')
      try {
        const { code, err } = await run([...PROMPT, '--max-tokens=2', ...asOptions(parameters)])
        expect(err).toContain('generated 2 tokens')
        expect(code).toBe(0)
        const options = { ...generate.mock.calls[0][1] }
        return Object.fromEntries(Object.keys(DEFAULT_SAMPLING).map((key) => [key, options[key as never]]))
      } finally {
        generate.mockRestore()
      }
    }
  })

  it('omits rate and first token if there is nothing to measure', async () => {
    const statistics = async (count: string) => (await run([...PROMPT, '--max-tokens', count])).err
    expect(await statistics('0')).toMatch(/\| generated 0 tokens \| --max-tokens reached \|/)
    expect(await statistics('1')).toMatch(/\| generated 1 token \| first token after \d+ ms \|/)
    expect(await statistics('2')).toMatch(/\| generated 2 tokens, [\d.]+ tok\/s \| first token/)
  })

  it('writes one text per seed, the same as alone', async () => {
    const options = [...PROMPT, '--max-tokens', '12', '--temp', '1', '--top-k', '50']
    const alone = await Promise.all([7, 8].map((seed) => runJson([...options, '--seed', String(seed)])))
    const { code, out } = await run([...options, '--seeds', '7,8', '--json'])
    const together = JSON.parse(out)
    expect(code).toBe(0)
    expect(together).toHaveLength(2)
    for (const [i, { ids, text, seed }] of alone.entries())
      expect(together[i]).toMatchObject({ ids, text, seed })
    const { out: texts, err } = await run([...options, '--seeds', '7,8'])
    expect(texts).toBe(`== seed 7 ==\n${alone[0].text}\n\n== seed 8 ==\n${alone[1].text}\n`)
    expect(err).toMatch(/^prompt 5 tokens, .* seed 7\nprompt 1 token and 4 cached, .* seed 8\n$/)
  })

  it('of one seed of several is still an array', async () => {
    const { out } = await run([...PROMPT, '--max-tokens', '3', '--seeds', '7', '--json'])
    expect(JSON.parse(out)).toMatchObject([{ seed: 7 }])
  })

  it('writes a text for each combination of numbers, prompts and seeds, in the order of the help', async () => {
    const terminal = new FakeTerminal({ inputIsTerminal: true })
    terminal.files.set('prompts', 'One\nTwo\n')
    const args = [
      '--prompts',
      'prompts',
      '--top-k',
      '3,4',
      '--temp',
      '0.5,1.5',
      '--seeds',
      '1,2',
      '--max-tokens',
      '2',
    ]
    const { out } = await run(args, terminal)
    const headings = out.match(/^== .* ==$/gm)
    expect(headings).toHaveLength(16)
    expect(headings?.slice(0, 5)).toEqual([
      '== "One", temp 0.5, topK 3, seed 1 ==',
      '== "One", temp 0.5, topK 3, seed 2 ==',
      '== "One", temp 0.5, topK 4, seed 1 ==',
      '== "One", temp 0.5, topK 4, seed 2 ==',
      '== "One", temp 1.5, topK 3, seed 1 ==',
    ])
    expect(headings?.at(-1)).toBe('== "Two", temp 1.5, topK 4, seed 2 ==')
  })

  it('gives every text of a sweep the seed that it has alone', async () => {
    const options = [...PROMPT, '--max-tokens', '8', '--seed', '7']
    const { out } = await run([...options, '--temp', '0.8,1.2', '--json'])
    const alone = await Promise.all(['0.8', '1.2'].map((temp) => runJson([...options, '--temp', temp])))
    expect(JSON.parse(out)).toMatchObject(alone.map(({ ids, seed }) => ({ ids, seed })))
  })

  it('--jsonl prints each text as soon as it is done, with its settings', async () => {
    const terminal = new FakeTerminal({ inputIsTerminal: true })
    terminal.files.set('p.jsonl', '{"prompt":"One","id":"a"}\n{"prompt":"Two"}\n')
    const lines: string[] = []
    terminal.onOutput = () => lines.push(terminal.out)
    const { code, out, err } = await run(
      [
        '--prompts',
        'p.jsonl',
        '--temp',
        '0,1',
        '--logit-bias',
        '5=-inf',
        '--max-tokens',
        '2',
        '--jsonl',
        '--seed',
        '3',
      ],
      terminal,
    )
    expect([code, err]).toEqual([0, ''])
    expect(lines).toHaveLength(4)
    const records = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(records.map(({ prompt, input, settings, seed }) => [prompt, input, settings.temp, seed])).toEqual([
      ['One', { id: 'a' }, 0, 3],
      ['One', { id: 'a' }, 1, 3],
      ['Two', undefined, 0, 3],
      ['Two', undefined, 1, 3],
    ])
    expect(Object.keys(records[0].settings).sort()).toEqual(
      Object.keys(DEFAULT_SAMPLING)
        .filter((key) => key !== 'forcedIds')
        .sort(),
    )
    expect(records[0].settings.logitBias).toEqual({ 5: '-inf' })
    expect(records[0]).toMatchObject({ ids: expect.any(Array), stats: { nGen: 2 }, stopReason: 'length' })
  })

  it('--csv prints a table that programs read', async () => {
    const args = [
      '--prompt',
      'He said, "Hi',
      '--temp',
      '0,1',
      '--top-k',
      '5',
      '--max-tokens',
      '3',
      '--seed',
      '3',
      '--csv',
    ]
    const { code, out, err } = await run(args)
    expect([code, err]).toEqual([0, ''])
    const [head, first] = out.split('\n')
    expect(head).toBe('prompt,temp,topK,seed,text,stopReason,nPrompt,nCached,nGen,ttftMs,prefillTps,genTps')
    expect(first).toMatch(/^"He said, ""Hi",0,5,3,/)
    expect(first).toMatch(/,length,\d+,0,3,[\d.]+,[\d.]+,[\d.]+$/)
  })

  it('keeps the output of a sweep when interrupted', async () => {
    const terminal = new FakeTerminal({ inputIsTerminal: true })
    terminal.onOutput = () => terminal.interrupt()
    const { code, out } = await run(
      [...PROMPT, '--temp', '0,1', '--seeds', '1,2', '--max-tokens', '3', '--jsonl'],
      terminal,
    )
    expect(code).toBe(130)
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).stopReason),
    ).toEqual(['length'])
  })

  it.each([
    [['--json', '--csv'], '--json and --csv do not go together'],
    [['--csv', '--logprobs', '1'], '--csv and --logprobs do not go together'],
    [['--top-k', '1,x'], '--top-k must be a whole number, not "1,x"'],
    [['--top-k', '1,'], '--top-k must be a whole number'],
    [['--min-p', '0.1,2'], '--min-p must be 1 or less, not 2'],
    [
      ['--top-k', Array.from(Array(101).keys()).join(), '--temp', Array.from(Array(100).keys()).join()],
      '10100 combinations',
    ],
    [['--file', 'x'], 'only one prompt'],
    [['--prompts', 'x'], 'only one prompt'],
    [['--system', 'x'], 'add --chat'],
    [['--template', 'chatml'], 'add --chat'],
    [['--chat', '--template-variables', '[]'], '--template-variables must be a JSON object'],
  ])('%j is wrong usage', async (args, message) => {
    const { code, out, err } = await run([...PROMPT, ...args])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })

  it('ends at a text or a token', async () => {
    const { ids } = await runJson([...PROMPT, '--max-tokens', '9'])
    const { code, text, stopReason, stoppedBy } = await runJson([
      ...PROMPT,
      '--stop',
      'xyzzy',
      '--stop',
      ' girl',
    ])
    expect([code, text, stopReason, stoppedBy]).toEqual([0, ', there was a little', 'stop', ' girl'])
    const { out, err } = await run([...PROMPT, '--stop', ' girl'])
    expect(out).toBe(', there was a little\n')
    expect(err).toContain(' | stopped at " girl" | ')
    const cut = await runJson([...PROMPT, '--stop-ids', `1,${ids[4]}`])
    expect(cut).toMatchObject({ ids: ids.slice(0, 4), stopReason: 'stop', stoppedBy: ids[4] })
  })

  it('shows log-probabilities', async () => {
    const { ids, logprobs } = await runJson([
      ...PROMPT,
      '--max-tokens',
      '3',
      '--logprobs',
      '2',
      '--temp',
      '1',
      '--top-k',
      '1',
    ])
    expect(logprobs.map(({ id }: { id: number }) => id)).toEqual(ids)
    const [{ piece, before, after }] = logprobs
    expect(piece).toBe(',')
    expect(before.top).toEqual([
      { id: ids[0], piece: ',', logprob: before.logprob },
      { id: expect.any(Number), piece: expect.any(String), logprob: expect.any(Number) },
    ])
    expect(before.top[1].logprob).toBeLessThan(before.logprob)
    expect(after).toEqual({ logprob: 0, top: [{ id: ids[0], piece: ',', logprob: 0 }] })
    expect(await runJson([...PROMPT, '--max-tokens', '0', '--logprobs', '2'])).toMatchObject({ logprobs: [] })

    const { out, err } = await run([...PROMPT, '--max-tokens', '3', '--logprobs', '2'])
    expect(out).toBe(', there was\n')
    expect(err).toMatch(
      /^token +model +sampled +most likely by the model\n"," +-\d\.\d{3} .* {2}"," -\d\.\d{3} {2}".*\n/,
    )
    expect(err.split('\n')).toHaveLength(6)
  })

  it('continues beyond the context with --context-shift', async () => {
    const options = [...PROMPT, '--context', '16', '--max-tokens', '40']
    const forgetting = await runJson([...options, '--context-shift'])
    expect(forgetting).toMatchObject({ code: 0, stopReason: 'length' })
    expect(forgetting.ids).toHaveLength(40)
    expect((await runJson([...options, '--context-shift=12'])).ids).not.toEqual(forgetting.ids)
    expect((await run([...options, '--context-shift'])).err).toMatch(/\| context shifted [3-6]× \|/)
    expect((await run([...options, '--context-shift=16'])).err).toContain('contextShift.keep')
  })

  it.each(['f16', 'f32', 'q8_0'])('keeps keys and values as %s', async (kvType) => {
    const createSession = vi.spyOn(Model.prototype, 'createSession')
    const { out } = await run([...PROMPT, '--max-tokens', '9', '--kv-type', kvType])
    expect(out).toBe(`${STORY}\n`)
    expect(createSession.mock.calls[0][0]).toMatchObject({ kvType })
    createSession.mockRestore()
  })

  it('accepts ids as a prompt', async () => {
    const { promptIds, ids } = await runJson([...PROMPT, '--max-tokens', '5'])
    const given = await runJson(['--prompt-ids', promptIds.join(','), '--max-tokens', '5'])
    expect(given).toMatchObject({ promptIds, ids })
  })

  it('reads the prompt from standard input, unchanged', async () => {
    const terminal = new FakeTerminal()
    terminal.input = 'Once upon a time'
    expect((await runJson(['--prompt', '-', '--max-tokens', '9'], terminal)).text).toBe(STORY)
  })

  it('reads standard input if no prompt is given, without the final line break', async () => {
    const terminal = new FakeTerminal()
    terminal.input = 'Once upon a time\n'
    expect((await runJson(['--max-tokens', '9'], terminal)).text).toBe(STORY)
    const nothing = await run(['--max-tokens', '9'], new FakeTerminal())
    expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining('run needs a prompt')])
    const typing = new FakeTerminal({ inputIsTerminal: true })
    typing.input = 'Once upon a time'
    expect((await run(['--max-tokens', '9'], typing)).code).toBe(2)
  })

  it('reads the prompt from a file', async () => {
    const terminal = new FakeTerminal()
    terminal.files.set('story.txt', 'Once upon a time\r\n')
    expect((await runJson(['-f', 'story.txt', '-n', '9'], terminal)).text).toBe(STORY)
    expect((await run(['-f', 'none.txt'])).err).toContain('none.txt: there is no such file')
  })

  it('warns of a context that the model was not trained for', async () => {
    const warned = await run([...PROMPT, '--context', '257', '--max-tokens', '1'])
    expect(warned.err).toMatch(
      /^warning: --context 257 is more than the 256 tokens that the model was trained with/,
    )
    expect(warned.code).toBe(0)
    expect((await run([...PROMPT, '--context', '256', '--max-tokens', '1'])).err).not.toContain('warning')
  })

  describe('with a chat template', () => {
    const TEMPLATE = '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:'

    it('--chat puts the prompt into it', async () => {
      const options = ['--prompt', 'Hi', '--max-tokens', '3', '--chat', '--template', TEMPLATE]
      await using model = await loadModel(TINY_STORIES)
      const { promptIds } = await runJson([...options, '--system', 'Be kind.'])
      expect(model.decode(promptIds)).toContain('system: Be kind.\nuser: Hi\nassistant:')
      const { out } = await run([...options, '--echo'])
      expect(out).toContain('user: Hi\nassistant:')
      const sweep = await run([...options, '--seeds', '1,2', '--json'])
      for (const record of JSON.parse(sweep.out)) expect(record).toMatchObject({ prompt: 'Hi' })
      expect((await run(['--chat', '--prompt', 'Hi'])).err).toContain('has no chat template')
      expect((await run(['--chat', '--prompt-ids', '1'])).code).toBe(2)
    })

    it('suggests a chat if a plain text ends at once', async () => {
      await using folder = await temporaryFolder()
      const file = await smallModelFile(folder.path, { 'tokenizer.chat_template': str(TEMPLATE) })
      await using model = await loadModel(file)
      const end = String([...model.tokenizer.endOfGeneration][0])
      const noteOf = async (...args: readonly string[]) => {
        const terminal = new FakeTerminal({ inputIsTerminal: true })
        await main(['run', file, '--prompt', 'a', ...args], terminal)
        return (
          terminal.err.match(/the model ended the text at once; .*dasllama chat, or add --chat/g)?.length ?? 0
        )
      }
      expect(await noteOf('--forced-ids', end)).toBe(1)
      expect(await noteOf('--forced-ids', end, '--seeds', '1,2')).toBe(1)
      expect(await noteOf('--forced-ids', end, '--chat')).toBe(0)
      expect(await noteOf('--forced-ids', '300', '--stop-ids', '300')).toBe(0)
      expect(await noteOf('--forced-ids', '300', '--max-tokens', '2')).toBe(0)
      const plain = await run(['--prompt', 'a', '--forced-ids', '0'])
      expect(plain.err).not.toContain('ended the text at once')
    })
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
    it('stops, prints the statistics and sets the exit code', async () => {
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

    it('starts no further text', async () => {
      const terminal = new FakeTerminal()
      terminal.onOutput = () => terminal.interrupt()
      const { code, out } = await run([...PROMPT, '--seeds', '1,2'], terminal)
      expect(code).toBe(130)
      expect(out).toMatch(/^== seed 1 ==\n[^=]*\n$/)
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

import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { kebabCase } from '../../src/cli/arguments/options.js'
import { optionName } from '../../src/cli/arguments/parse.js'
import { main } from '../../src/cli/main.js'
import { DEFAULT_SAMPLING } from '../../src/index.js'
import { FakeTerminal } from './fake-terminal.js'

const COMMANDS = ['run', 'chat', 'serve', 'embed', 'rerank', 'inspect', 'tokenize', 'perplexity']
/** Those that write a model file. */
const WRITERS = ['quantize', 'convert']
/** Those on stored models. */
const STORE = ['pull', 'list', 'rm']

async function cli(args: readonly string[], terminal = new FakeTerminal({ inputIsTerminal: true })) {
  const code = await main(args, terminal)
  return { code, out: terminal.out, err: terminal.err }
}

describe('dasllama', () => {
  it('shows its usage as an error without arguments', async () => {
    const { code, out, err } = await cli([])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('Usage: dasllama COMMAND')
  })

  it.each([['--help'], ['-h'], ['help']])('%s lists the commands', async (name) => {
    const { code, out, err } = await cli([name])
    expect([code, err]).toEqual([0, ''])
    for (const command of [...COMMANDS, ...WRITERS, ...STORE])
      expect(out).toMatch(new RegExp(`^ {2}${command} `, 'm'))
  })

  it("--version is the package's", async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await cli(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })

  it.each(COMMANDS)('help %s equals its --help and -h', async (name) => {
    const help = await cli(['help', name])
    expect(help).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining(`Usage: dasllama ${name} MODEL`),
    })
    expect(await cli([name, '--help'])).toEqual(help)
    expect(await cli([name, 'model.gguf', '-h'])).toEqual(help)
  })

  it.each([...WRITERS, ...STORE])('help %s equals its --help', async (name) => {
    const help = await cli(['help', name])
    expect(help).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`Usage: dasllama ${name} `) })
    expect(await cli([name, '--help'])).toEqual(help)
  })

  it('shows options with their defaults', async () => {
    const { out } = await cli(['help', 'run'])
    expect(out).toMatch(/^ {2}--penalty-last-n N .*\(default 64\)$/m)
    expect(out).toMatch(/^ {2}-s, --seed N .*random by default$/m)
    expect(out).toMatch(/^ {2}--json {2}/m)
  })

  it('shows every sampling knob with the default that the sampling has', async () => {
    const { out } = await cli(['help', 'run'])
    for (const [name, value] of Object.entries(DEFAULT_SAMPLING)) {
      const row = out.split('\n').find((line) => new RegExp(`^ {2}(-\\w, )?${optionName(name)} `).test(line))
      expect(row, name).toBeDefined()
      if (typeof value === 'number') expect(row).toMatch(new RegExp(` \\(default ${value}\\)$`))
    }
    expect(out).toContain(`(default ${DEFAULT_SAMPLING.samplers.map(String).map(kebabCase).join(',')})`)
  })

  it('lists options under headings, in the order of the text', async () => {
    const { out } = await cli(['help', 'run'])
    expect(out.match(/^[A-Z].*:$/gm)).toEqual([
      'What to write:',
      'Choosing a token:',
      'Against repetition:',
      'Certain tokens:',
      'Memory and threads:',
      'Output:',
    ])
    expect((await cli(['help', 'inspect'])).out).not.toMatch(/^[A-Z].*:$/m)
  })

  it.each([
    [['tokenise'], 'there is no command tokenise', 'did you mean tokenize?'],
    [['rnu'], 'there is no command rnu', 'did you mean run?'],
    [['help', 'bake'], 'there is no command bake', 'dasllama --help'],
    [['--json'], 'there is no option --json', 'dasllama --help'],
    [['run', 'm', '--promt', 'x'], 'there is no option --promt', 'did you mean --prompt?'],
    [['embed', 'm', 'x', '--temp', '1'], 'there is no option --temp', 'embed --help'],
    [['inspect', 'm', 'n'], 'inspect has an unexpected argument "n"', 'inspect takes one MODEL'],
    [['run', 'm', 'A cat,', 'a dog'], 'run has an unexpected argument "A cat,"', '--prompt "A cat, a dog"'],
    [['run', 'm', 'a `b`'], 'run has an unexpected argument "a `b`"', '--prompt "Once upon a time"'],
    [['tokenize', 'm', 'a', 'b'], 'tokenize has an unexpected argument "b"', 'quotes'],
    [['download', 'x'], 'there is no command download', 'did you mean pull?'],
    [['list', 'x'], 'list has an unexpected argument "x"', 'list takes options only'],
    [['pull'], 'pull needs NAME', 'pull --help'],
    [['server', 'm'], 'there is no command server', 'serve'],
    [['tokenize', 'm'], 'tokenize needs TEXT', 'tokenize --help'],
    [['run', 'm'], 'run needs a prompt', 'run --help'],
    [['run', 'm', '--prompt', 'x', '--prompt-ids', '1'], 'only one prompt', 'run --help'],
    [['run', 'm', '--prompt', 'x', '--seed', '1', '--seeds', '2'], '--seed or --seeds', 'run --help'],
    [['run', 'm', '--prompt', 'x', '--top-p', '-1'], '--top-p must be 0 or more, not -1', 'run --help'],
    [['run', 'm', '--prompt', 'x', '--min-p', '2'], '--min-p must be 1 or less', 'run --help'],
    [['run', 'm', '--prompt', 'x', '--samplers', 'xtc,xtc'], '--samplers names "xtc" twice', 'run --help'],
    [
      ['run', 'm', '--prompt', 'x', '--ignore-eos', '--min-tokens', '3'],
      '--ignore-eos and --min-tokens contradict',
      'run --help',
    ],
    [
      ['run', 'm', '--prompt', 'x', '--forced-ids', '1', '--banned-ids', '1'],
      '--forced-ids leaves nothing',
      'run --help',
    ],
    [
      ['run', 'm', '--prompt', 'x', '--threads', '33'],
      '--threads must be a whole number from 1 to 32',
      'run --help',
    ],
  ])('%j is wrong usage', async (args, message, hint) => {
    const { code, out, err } = await cli(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^dasllama: /)
    expect(err).toContain(message)
    expect(err).toContain(hint)
  })

  it.each(COMMANDS)('%s without a model reports where to get one', async (name) => {
    const { code, err } = await cli([name])
    expect(code).toBe(2)
    expect(err).toContain('hf:bartowski/')
    expect(err).toContain('models/tiny-stories.Q8_0.gguf')
  })

  it('reports a failure in one line and a hint', async () => {
    const { code, out, err } = await cli(['inspect', 'no/such.gguf'])
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^dasllama: no\/such\.gguf: .*\n.*such\.gguf\n$/)
  })

  it('shows the stack of a failure only on request', async () => {
    const terminal = new FakeTerminal()
    terminal.debug = true
    expect((await cli(['inspect', 'no/such.gguf'], terminal)).err).toMatch(
      /\n {4}at .*\n.*ENOENT.*\n {4}at /s,
    )
  })
})

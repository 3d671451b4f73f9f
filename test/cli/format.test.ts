import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { TINY_STORIES, temporaryFolder } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

const SCHEMA = JSON.stringify({
  type: 'object',
  properties: { name: { type: 'string', maxLength: 12 }, age: { type: 'integer', minimum: 1, maximum: 9 } },
  required: ['name', 'age'],
})
const ENDLESS = JSON.stringify({
  $ref: '#/$defs/list',
  $defs: { list: { properties: { next: { $ref: '#/$defs/list' } }, required: ['next'] } },
})

type Files = Readonly<Record<string, string | Uint8Array>>

/** In `args`, `@name` is the path of that file. */
async function dasllama(args: readonly string[], files: Files, terminal = new FakeTerminal()) {
  await using folder = await temporaryFolder()
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder.path, name), content)
  const inFolder = args.map((arg) => arg.replace('@', `${folder.path}/`))
  const code = await main(inFolder, terminal)
  return { code, out: terminal.out, err: terminal.err }
}

const RUN = ['run', TINY_STORIES, '--prompt', 'Once']
const CHAT = ['chat', TINY_STORIES, '--template', 'chatml', '--context', '256']

const run = (args: readonly string[], files: Files = {}) => dasllama([...RUN, ...args], files)

/** Types these lines on a terminal. */
function chat(typed: readonly string[], args: readonly string[], files: Files) {
  const terminal = new FakeTerminal({ watched: true })
  terminal.typed = [...typed]
  return dasllama([...CHAT, ...args], files, terminal)
}

describe('dasllama run', () => {
  it('--json-schema writes valid JSON', async () => {
    const { code, out, err } = await run(['--json-schema', '@s.json'], { 's.json': SCHEMA })
    expect(code).toBe(0)
    const { name, age } = JSON.parse(out)
    expect(typeof name).toBe('string')
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9]).toContain(age)
    expect(err).toMatch(/\| the text ended \| seed \d+\n$/)
  })

  it('--grammar writes text that follows it', async () => {
    const { code, out } = await run(['--grammar', '@g.gbnf'], { 'g.gbnf': 'root ::= "yes" | "no"' })
    expect([code, ['yes\n', 'no\n'].includes(out)]).toEqual([0, true])
  })

  it('reports whether the text is complete', async () => {
    const files = { 's.json': SCHEMA }
    const whole = await run(['--json-schema', '@s.json', '--json'], files)
    expect(JSON.parse(whole.out)).toMatchObject({ stopReason: 'stop', isComplete: true })
    const cut = ['--json-schema', '@s.json', '--max-tokens', '2']
    expect(JSON.parse((await run([...cut, '--json'], files)).out)).toMatchObject({ isComplete: false })
    expect((await run(cut, files)).err).toMatch(
      /^the text is cut: it is incomplete for the requested format\n/,
    )
    expect(JSON.parse((await run(['--json', '--max-tokens', '2'])).out)).not.toHaveProperty('isComplete')
  })
})

describe('dasllama chat', () => {
  it('--json-schema makes every reply valid, and /params shows it', async () => {
    const typed = ['Who is there?', '/params temp=0.5', 'And who else?']
    const { code, out, err } = await chat(typed, ['--json-schema', '@s.json'], { 's.json': SCHEMA })
    expect(code).toBe(0)
    // Whitespace, including line feeds, may occur between the values of a reply.
    const replies = out.match(/\{[^}]*\}/g)
    expect(replies).toHaveLength(2)
    for (const reply of replies!) expect(Object.keys(JSON.parse(reply))).toEqual(['name', 'age'])
    expect(err).toMatch(/^\* {2}--json-schema +\/.*\/s\.json$/m)
    expect(err).not.toContain('is incomplete for the requested format')
  })

  it('--grammar makes every reply follow it, line by line in a pipe', async () => {
    const terminal = new FakeTerminal()
    terminal.typed = ['Is it?', 'Is it not?']
    const { code, out, err } = await dasllama(
      [...CHAT, '--grammar', '@g'],
      { g: 'root ::= "yes" | "no"' },
      terminal,
    )
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^((yes|no)\n){2}$/)
  })

  it('reports an incomplete reply', async () => {
    const args = ['--json-schema', '@s.json', '--max-tokens', '2']
    const { err } = await chat(['Who?', 'Hm'], args, { 's.json': SCHEMA })
    expect(err).toContain('; cut: --max-tokens reached; it is incomplete for the requested format)\n')
    const stopped = await chat(['Who?'], ['--json-schema', '@s.json', '--stop', 'name'], { 's.json': SCHEMA })
    expect(stopped.err).toContain('; it is incomplete for the requested format)\n')
  })

  it('rejects /params with which a text could never end', async () => {
    const typed = ['/params temp=1 ignore-eos', '/params', 'Is it?']
    const { code, out, err } = await chat(typed, ['--grammar', '@g'], { g: 'root ::= "yes" | "no"' })
    expect(err).toContain(
      '--grammar and --ignore-eos do not go together\na text with a format must be able to end',
    )
    expect(err).toMatch(/^ {3}temp +0\.7$/m)
    expect([code, out]).toEqual([0, expect.stringMatching(/^(yes|no)\n\n$/)])
  })
})

describe.each([
  ['run', RUN],
  ['chat', CHAT],
])('dasllama %s', (name, args) => {
  it.each<[string, readonly string[], Files, number, string]>([
    [
      'two formats',
      ['--json-schema', '@s.json', '--grammar', '@g'],
      { 's.json': SCHEMA, g: '' },
      2,
      '--json-schema and --grammar do not go together',
    ],
    [
      'a format that can never end',
      ['--json-schema', '@s.json', '--ignore-eos'],
      { 's.json': SCHEMA },
      2,
      '--json-schema and --ignore-eos do not go together',
    ],
    ['a schema for a file', ['--json-schema', '{"type":"string"}'], {}, 2, '--json-schema takes the name of'],
    ['a grammar for a file', ['--grammar', 'root ::= "a"'], {}, 2, '--grammar takes the name of a file'],
    ['a missing file', ['--json-schema', '@none.json'], {}, 1, 'none.json: there is no such file'],
    ['a directory', ['--grammar', '@'], {}, 1, 'is a directory'],
    ['what is not text', ['--grammar', '@g'], { g: Uint8Array.of(0xff) }, 1, 'g is not UTF-8 text'],
    ['an empty schema', ['--json-schema', '@s.json'], { 's.json': '' }, 1, 's.json is not JSON: '],
    [
      'what is not JSON',
      ['--json-schema', '@s.json'],
      { 's.json': '{\n  "type":: 1}' },
      1,
      's.json is not JSON: ',
    ],
    [
      'what is not a schema',
      ['--json-schema', '@s.json'],
      { 's.json': '[1]' },
      1,
      'JSON Schema, #: a schema is an object, true or false, not [1]',
    ],
    [
      'a schema that refers to another document',
      ['--json-schema', '@s.json'],
      { 's.json': '{"$ref":"other.json"}' },
      1,
      '#/$ref: "other.json" is in another document\nput it into $defs',
    ],
    [
      'a schema that nothing is valid by',
      ['--json-schema', '@s.json'],
      { 's.json': '{"type":"integer","minimum":5,"maximum":3}' },
      1,
      'JSON Schema, #: nothing is valid by it: no whole number is within its limits at #\n',
    ],
    [
      'a schema that recurses without end',
      ['--json-schema', '@s.json'],
      { 's.json': ENDLESS },
      1,
      'JSON Schema, #: nothing is valid by it: every value would have to contain another one\n',
    ],
    [
      'a grammar with a syntax error',
      ['--grammar', '@g'],
      { g: 'root ::= item\nitem ::= (' },
      1,
      'grammar, line 2, column 11: ',
    ],
    ['a format without a file', ['--grammar'], {}, 2, '--grammar needs a value: --grammar FILE'],
  ])('rejects %s before anything is said', async (_, format, files, code, message) => {
    const terminal = new FakeTerminal({ watched: name === 'chat' })
    terminal.typed = ['Hi']
    const { out, err, ...result } = await dasllama([...args, ...format], files, terminal)
    expect([result.code, out]).toEqual([code, ''])
    // A slow machine has drawn a bar before.
    expect(err).toMatch(/(^|\[2K)dasllama: /)
    expect(err).toContain(message)
    expect(terminal.typed).toEqual(['Hi'])
  })

  it('reports where a schema is not JSON, if the runtime does', async () => {
    const { err } = await dasllama([...args, '--json-schema', '@s.json'], { 's.json': '{\n  "type" 1}' })
    expect(err).toMatch(/s\.json is not JSON: .* in JSON at line 2, column 10\n$/)
  })
})

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

async function run(args: readonly string[], files: Readonly<Record<string, string | Uint8Array>> = {}) {
  await using folder = await temporaryFolder()
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder.path, name), content)
  const terminal = new FakeTerminal()
  const inFolder = args.map((arg) => arg.replace('@', `${folder.path}/`))
  const code = await main(['run', TINY_STORIES, '--prompt', 'Once', ...inFolder], terminal)
  return { code, out: terminal.out, err: terminal.err }
}

describe('dasllama run', () => {
  it('--json-schema writes what is valid by it', async () => {
    const { code, out, err } = await run(['--json-schema', '@s.json'], { 's.json': SCHEMA })
    expect(code).toBe(0)
    const { name, age } = JSON.parse(out)
    expect(typeof name).toBe('string')
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9]).toContain(age)
    expect(err).toMatch(/\| the text ended \| seed \d+\n$/)
  })

  it('--grammar writes what follows it', async () => {
    const { code, out } = await run(['--grammar', '@g.gbnf'], { 'g.gbnf': 'root ::= "yes" | "no"' })
    expect([code, ['yes\n', 'no\n'].includes(out)]).toEqual([0, true])
  })

  it('tells whether the text is whole', async () => {
    const files = { 's.json': SCHEMA }
    const whole = await run(['--json-schema', '@s.json', '--json'], files)
    expect(JSON.parse(whole.out)).toMatchObject({ stopReason: 'stop', isComplete: true })
    const cut = ['--json-schema', '@s.json', '--max-tokens', '2']
    expect(JSON.parse((await run([...cut, '--json'], files)).out)).toMatchObject({ isComplete: false })
    expect((await run(cut, files)).err).toMatch(
      /^the text is cut: it does not have the form that was asked for\n/,
    )
    expect(JSON.parse((await run(['--json', '--max-tokens', '2'])).out)).not.toHaveProperty('isComplete')
  })

  it.each<[string, readonly string[], Readonly<Record<string, string | Uint8Array>>, number, string]>([
    [
      'two formats',
      ['--json-schema', '@s.json', '--grammar', '@g'],
      { 's.json': SCHEMA, g: '' },
      2,
      '--json-schema and --grammar do not go together',
    ],
    ['a missing file', ['--json-schema', '@none.json'], {}, 1, 'none.json: there is no such file'],
    ['a directory', ['--grammar', '@'], {}, 1, 'EISDIR'],
    ['what is no text', ['--grammar', '@g'], { g: Uint8Array.of(0xff) }, 1, 'g is not UTF-8 text'],
    ['what is no JSON', ['--json-schema', '@s.json'], { 's.json': '{' }, 1, 's.json is no JSON'],
    [
      'a keyword that is not supported',
      ['--json-schema', '@s.json'],
      { 's.json': '{"not":{}}' },
      1,
      '#/not: the keyword "not" is not supported',
    ],
    ['a bad grammar', ['--grammar', '@g'], { g: 'root ::= (' }, 1, 'grammar, line 1, column 11'],
    ['a format without a file', ['--grammar'], {}, 2, '--grammar'],
  ])('refuses %s', async (_, args, files, code, message) => {
    const { out, err, ...result } = await run(args, files)
    expect([result.code, out]).toEqual([code, ''])
    expect(err).toContain(message)
  })
})

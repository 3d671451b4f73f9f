import { describe, expect, it } from 'vitest'
import { checkedFiles, findWords } from '../../scripts/check-words.mjs'
import { WORDS } from '../../scripts/words.mjs'

/** A path for which an entry is searched. */
function pathFor(files: RegExp | undefined): string {
  const paths = [
    'src/index.ts',
    'assembly/attention/scores.ts',
    'assembly/thread_pool.ts',
    'src/chat/a.ts',
    'src/sampling/a.ts',
  ]
  const path = paths.find((each) => files?.test(each) ?? true)
  if (path === undefined) throw new Error(`no sample path for ${files}`)
  return path
}

describe('the check for replaced words', () => {
  it.each(WORDS)('finds $find', ({ find, write, files, found, fine = [] }) => {
    const path = pathFor(files)
    const replacements = (sample: string) =>
      findWords(path, `const a = 1\n/** ${sample} */\n`).filter((each) => each.write === write)
    expect(replacements(found), `${find} in ${found}`).toMatchObject([{ line: 2 }])
    for (const sample of fine) expect(replacements(sample), `${find} in ${sample}`).toEqual([])
  })

  it.each([
    ['a comment', '// made by strangers'],
    ['a comment of several lines', '/**\n * made by strangers\n */'],
    ['a comment after code', 'const a = 1 // made by strangers'],
    ["a test's title", "it('is made by strangers', () => {})"],
    ['a title after a table', "it.each([\n  [1],\n])('is made by strangers', () => {})"],
    ["an error's message", "throw new DasllamaError('IO', `made by strangers`, { hint: 'none' })"],
  ])('reads %s', (_, source) => {
    expect(findWords('src/a.ts', source)).toMatchObject([{ word: 'strangers' }])
  })

  it.each([
    ['a prompt', "const prompt = 'Two strangers met.'"],
    ['an identifier', 'const strangersOf = 1'],
  ])('does not read %s', (_, source) => {
    expect(findWords('test/a.ts', source)).toEqual([])
  })

  it('reads Markdown, except for output, generated sections and the list of renames', () => {
    const page = [
      'Made by strangers.',
      '```text',
      'Two strangers met.',
      '```',
      '<!-- bench:begin -->',
      'strangers',
      '<!-- bench:end -->',
      '### Renamed',
      '| strangers | untrusted |',
      '## 0.0.1',
      'For strangers.',
    ].join('\n')
    expect(findWords('CHANGELOG.md', page).map(({ line }) => line)).toEqual([1, 11])
    expect(findWords('bench/records/a.md', 'strangers')).toEqual([])
  })

  it('finds none in the repository', () => {
    const files = checkedFiles()
    expect(files.length).toBeGreaterThan(900)
    const found = files.flatMap(({ path, text }) =>
      findWords(path, text).map(({ line, word, write }) => `${path}:${line}: "${word}": write ${write}`),
    )
    expect(found).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { chooseFile, partsOf } from '../../src/hub/choose-file.js'
import { parseHubName } from '../../src/hub/name.js'
import { parseName } from '../../src/hub/remote-files.js'

describe('names on the hub', () => {
  it.each([
    ['hf:o/r/m.gguf', 'o/r', 'main', 'm.gguf', undefined],
    ['HF:o/r/a/b c/m.gguf@v1.0', 'o/r', 'v1.0', 'a/b c/m.gguf', undefined],
    ['hf://o/r/m.gguf@refs/pr/1', 'o/r', 'refs/pr/1', 'm.gguf', undefined],
    ['hf:o/r', 'o/r', 'main', undefined, undefined],
    ['hf:o/r:Q4_K_M@dev', 'o/r', 'dev', undefined, 'Q4_K_M'],
    ['hf:My.Org/R-1_x.y:q8_0', 'My.Org/R-1_x.y', 'main', undefined, 'q8_0'],
  ])('%s', (text, repository, revision, path, fileType) => {
    expect(parseHubName(text)).toEqual({ repository, revision, path, fileType })
  })

  it.each([
    'hf:',
    'hf:o',
    'hf:o/',
    'hf:/r/m.gguf',
    'hf:o/r/',
    'hf:o/r/../../../etc/passwd',
    'hf:o/../x/m.gguf',
    'hf:../r/m.gguf',
    'hf:o/r/./m.gguf',
    'hf:o/r//m.gguf',
    'hf:o/r/m.gguf@',
    'hf:o/r/m.gguf@../x',
    'hf:o/r/..\\m.gguf',
    'hf:o/r/C:m.gguf',
    'hf:o/r/m.gguf?x',
    'hf:o/r/m.gguf#x',
    'hf:o/r/%2e%2e/m.gguf',
    'hf:o/r/m\n.gguf',
    'hf:o/r/m\u202e.gguf',
    'hf:o/r:',
    'hf:o/r:Q4:x',
    'hf:o o/r/m.gguf',
    `hf:o/r/${'x'.repeat(2000)}`,
    'llama3',
    './m.gguf',
    'file:///etc/passwd',
    'ftp://x/m.gguf',
    'https://',
  ])('refuses %j', (text) => {
    expect(() => parseName(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })

  it('means the same file by its page and its address', () => {
    const { name, files } = parseName('hf:o/r/a/m.gguf')
    for (const url of [
      'resolve/main/a/m.gguf',
      'blob/main/a/m.gguf',
      'resolve/main/a/m.gguf?download=true',
    ]) {
      expect(parseName(`https://huggingface.co/o/r/${url}`)).toMatchObject({ name, files })
    }
    expect(parseName('https://example.org/o/r/resolve/main/a/m.gguf').name).not.toBe(name)
  })

  it('gives files names that no file system misreads, and parts of a model neighbours', () => {
    const names = [
      'hf:o/r/m.gguf',
      'hf:o/r/M.gguf',
      'hf:o/r/a/m.gguf',
      'hf:o/r/m.gguf@dev',
      'hf:o/r/con.',
      'hf:o/r/ä ö.gguf',
      'hf:o/r/ä_ö.gguf',
      `hf:o/r/${'x'.repeat(300)}.gguf`,
      'https://h/x?id=1',
      'https://h/x?id=2',
    ].map((name) => parseName(name).files![0].fileName)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{12}-[\w.-]{1,170}$/)
    const parts = parseName(`hf:o/r/${'ä'.repeat(200)}-00001-of-00002.gguf`).files!.map(
      (file) => file.fileName,
    )
    expect(parts[1]).toBe(parts[0].replace('-00001-of-', '-00002-of-'))
  })
})

describe('the file of a repository', () => {
  const paths = [
    'README.md',
    'mmproj-F16.gguf',
    'x-F16.gguf',
    'x-IQ4_XS.gguf',
    'x.Q8_0.gguf',
    'big/x-Q6_K-00002-of-00002.gguf',
    'big/x-Q6_K-00001-of-00002.gguf',
  ]

  it.each([
    [undefined, 'x.Q8_0.gguf'],
    ['Q8_0', 'x.Q8_0.gguf'],
    ['f16', 'x-F16.gguf'],
    ['Q6_K', 'big/x-Q6_K-00001-of-00002.gguf'],
  ])('of type %s', (fileType, expected) => {
    expect(chooseFile('o/r', paths, fileType)).toBe(expected)
  })

  it('is not one whose type only begins or ends alike', () => {
    expect(() => chooseFile('o/r', paths, 'Q4_XS')).toThrow('no GGUF file of type Q4_XS')
    expect(() => chooseFile('o/r', ['README.md'], undefined)).toThrow('no GGUF file')
  })

  it('has all parts', () => {
    expect(partsOf('big/x-Q6_K-00001-of-00002.gguf')).toEqual([
      'big/x-Q6_K-00001-of-00002.gguf',
      'big/x-Q6_K-00002-of-00002.gguf',
    ])
    expect(() => partsOf('x-00001-of-99999.gguf')).toThrow('limit is 1024')
  })
})

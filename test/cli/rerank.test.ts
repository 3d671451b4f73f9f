import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { loadModel, rerank } from '../../src/index.js'
import { RERANKER_CASES } from '../support/family-models/encoders.js'
import { TINY_STORIES, temporaryFolder, writeModelFile } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

const DOCUMENTS = ['Bamboo shoots.', 'Trucks run\non diesel.', 'A panda is a bear.']

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let path: string

beforeAll(async () => {
  folder = await temporaryFolder()
  path = join(folder.path, 'reranker.gguf')
  await writeModelFile(path, RERANKER_CASES[0].parts)
})

afterAll(() => folder?.[Symbol.asyncDispose]())

async function cli(args: readonly string[], terminal = new FakeTerminal()) {
  const code = await main(['rerank', ...args], terminal)
  return { code, out: terminal.out, err: terminal.err }
}

describe('dasllama rerank', () => {
  it('prints what rerank returns, a line per document', async () => {
    await using model = await loadModel(path)
    const ranked = await rerank(model, 'pandas', DOCUMENTS)
    const lines = ranked.map(
      ({ index, score }) => `${score.toFixed(4)}  ${DOCUMENTS[index].replace('\n', ' ')}\n`,
    )
    expect(await cli([path, 'pandas', ...DOCUMENTS])).toEqual({ code: 0, err: '', out: lines.join('') })
    expect((await cli([path, 'pandas', ...DOCUMENTS, '--top', '1'])).out).toBe(lines[0])
    const { out } = await cli([path, 'pandas', ...DOCUMENTS, '--json'])
    const results = ranked.map(({ index, score }) => ({ index, score, document: DOCUMENTS[index] }))
    expect(JSON.parse(out)).toEqual({ results })
  })

  it('reads documents from standard input, and rejects models that are not rerankers', async () => {
    const terminal = new FakeTerminal()
    terminal.input = 'one\ntwo\n'
    expect((await cli([path, 'query', '-'], terminal)).out.split('\n')).toHaveLength(3)
    const { code, err } = await cli([TINY_STORIES, 'query', 'document'])
    expect([code, err]).toEqual([1, expect.stringContaining('not a reranker')])
  })
})

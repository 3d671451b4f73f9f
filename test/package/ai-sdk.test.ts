/** The packed package with other versions of the AI SDK than the one that is installed here. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { engines } from '../engines/launch.js'
import { MODEL_PATH } from '../runtimes/stories.js'
import { bin, project, ROOT, run } from '../support/packed.js'
import { report } from './rows.js'

describe.sequential('the AI SDK', () => {
  it.for([
    ['5', 'v2'],
    ['7', 'v3'],
    ['7', 'v4'],
  ])('ai %s with models of version %s', async ([version, specification], test) => {
    const folder = await project(`ai-${version}`, ['ai-sdk.js'])
    // Version 7 needs it.
    const node = (await engines()).find(
      ({ program, version }) => program === 'node' && !version.startsWith('20.'),
    )
    const args = [join(folder, 'ai-sdk.js'), join(ROOT, MODEL_PATH), specification]
    const env = { AI_SDK_LOG_WARNINGS: 'false' }
    const printed = await run(node?.path ?? process.execPath, args, folder, env)
    const line = printed.split('\n').find((each) => each.startsWith('{"text"'))
    expect(JSON.parse(line ?? printed)).toEqual({
      text: expect.stringMatching(/girl/),
      isSame: true,
      reasons: ['length', 'tool-calls', 'stop'],
      outputTokens: 8,
      reasoning: 'Hm.',
      answer: 'Sunny in Rome.',
      embeddings: 2,
      tokens: 4,
      refused: 'UNSUPPORTED',
      read: true,
      warnings: [],
    })
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: true, types: [] },
      ...{ target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom'] },
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }))
    expect(await run(process.execPath, [bin(folder, 'typescript/bin/tsc'), '-p', '.'], folder)).toBe('')
    report(test, 'writes, streams, calls tools, embeds')
  })
})

/** The server answers the same on every engine. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as dasllama from '../../src/index.js'
import * as server from '../../src/server/index.js'
import { converse } from '../runtimes/server-program.mjs'
import { TINY_STORIES, temporaryFolder } from '../support/model-files.js'
import { engines, launch, ROOT } from './launch.js'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let expected: unknown
beforeAll(async () => {
  folder = await temporaryFolder()
  await writeFile(
    join(folder.path, 'main.mjs'),
    `import * as dasllama from ${JSON.stringify(`${ROOT}dist/index.js`)}
import * as server from ${JSON.stringify(`${ROOT}dist/server.js`)}
import { converse } from ${JSON.stringify(`${ROOT}test/runtimes/server-program.mjs`)}
console.log(JSON.stringify(await converse(dasllama, server, ${JSON.stringify(TINY_STORIES)})))
`,
  )
  expected = await converse(dasllama, server, TINY_STORIES)
})
afterAll(() => folder[Symbol.asyncDispose]())

describe.each(await engines())('the server on $program $version ($path)', (engine) => {
  it('answers as in these tests', async () => {
    const [command, ...args] = launch(engine, join(folder.path, 'main.mjs'))
    const { stdout } = await promisify(execFile)(command, args)
    expect(JSON.parse(stdout)).toEqual(expected)
  })
})

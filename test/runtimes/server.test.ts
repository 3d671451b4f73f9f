/** The server answers the same in workerd, within one thread and little memory, as in Node. */
import { expect, it } from 'vitest'
import * as dasllama from '../../src/index.js'
import * as server from '../../src/server/index.js'
import { converse } from './server-program.mjs'
import { MODEL_PATH } from './stories.js'
import { askWorker } from './worker.js'

it('answers in workerd as in Node', async () => {
  const script = `
    import * as dasllama from './dist/workerd.js'
    import * as server from './dist/server.js'
    import { converse } from './test/runtimes/server-program.mjs'
    import bytes from './${MODEL_PATH}'
    export default {
      async fetch() {
        return Response.json(await converse(dasllama, server, bytes))
      },
    }`
  const files = ['dist/workerd.js', 'dist/server.js', 'test/runtimes/server-program.mjs', MODEL_PATH]
  const answers = await converse(dasllama, server, MODEL_PATH)
  expect(answers).toMatchObject({ streamed: answers.text, last: 'data: [DONE]', status: 401 })
  expect(JSON.parse(answers.json).age).toBeGreaterThan(0)
  expect(await askWorker(script, files)).toEqual(answers)
})

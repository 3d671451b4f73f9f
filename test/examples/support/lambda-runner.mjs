/**
 * Stands in for AWS Lambda's runtime: `awslambda` as its documentation describes it, where the environment variable RESPONSE_STREAM is
 * set. The parent process sends events, and gets what the function answers.
 *
 *   fork('lambda-runner.mjs', ['/path/lambda.handler'])
 */
import { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'

const [, path, name] = /^(.*)\.(\w+)$/.exec(process.argv[2])
const isStreamed = process.env.RESPONSE_STREAM !== undefined

if (isStreamed) {
  globalThis.awslambda = {
    streamifyResponse: (handler) => handler,
    HttpResponseStream: {
      from(stream, head) {
        stream.head = head
        return stream
      },
    },
  }
}

const handler = (await import(`${pathToFileURL(path)}.mjs`))[name]

async function invoke(event) {
  if (!isStreamed) return { ...(await handler(event)), isStreamed, pieces: 1 }
  const chunks = []
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk)
      done()
    },
  })
  await handler(event, stream)
  if (!stream.writableFinished) throw new Error('the function has returned before its answer was written')
  return { ...stream.head, isStreamed, body: Buffer.concat(chunks).toString(), pieces: chunks.length }
}

process.on('message', async (event) => {
  process.send(await invoke(event).catch(({ message }) => ({ error: message })))
})
process.send('ready')

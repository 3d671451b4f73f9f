/** The same for containers (Cloud Run, Fly, Kubernetes): an HTTP server on PORT, which ends when it is told to. */
import { createServer } from 'node:http'
import process from 'node:process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { answer, start } from './chat.mjs'

const { PORT = '8080' } = process.env

function requestOf(incoming, signal) {
  const { method, headers, url } = incoming
  const body = ['GET', 'HEAD'].includes(method) ? undefined : Readable.toWeb(incoming)
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((value) => [name, value]),
  )
  return new Request(new URL(url, 'http://localhost'), {
    ...{ method, headers: fields, signal },
    ...(body && { body, duplex: 'half' }),
  })
}

async function serve(incoming, outgoing) {
  // A client that leaves ends its generation.
  const leaving = new AbortController()
  outgoing.on('close', () => leaving.abort())
  const response = await answer(requestOf(incoming, leaving.signal))
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  if (!response.body) return outgoing.end()
  await pipeline(Readable.fromWeb(response.body), outgoing)
}

// The container is ready when the model is loaded, not before.
const handler = await start()
const server = createServer((incoming, outgoing) => {
  serve(incoming, outgoing).catch((error) => {
    if (!outgoing.destroyed && !outgoing.headersSent) outgoing.writeHead(500)
    outgoing.end()
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') console.error(error)
  })
})
server.listen(Number(PORT), () => console.log(`listening on port ${server.address().port}`))

// What is running is finished first.
process.once('SIGTERM', async () => {
  server.close()
  await handler.close()
  server.closeAllConnections()
  process.exit(0)
})

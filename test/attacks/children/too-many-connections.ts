/** More connections than files may be open: the server refuses some, and goes on. */
import { execFileSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { listen } from '../../../src/platform/node/http-server.js'
import { report } from '../support/attempt.js'

const server = await listen(async () => Response.json({ status: 'ok' }), { host: '127.0.0.1', port: 0 })
const port = Number(new URL(server.url).port)
const answers = async () =>
  (await fetch(`${server.url}/health`, { headers: { connection: 'close' } })).status === 200
report(await answers(), 'before')
execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=120:120'])
for (let round = 0; round < 2; round++) {
  const sockets = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  await wait(500)
  for (const socket of sockets as Socket[]) socket.destroy()
  await wait(500)
  report(await answers(), `after round ${round}`)
}
await server.close()
process.exit(0)

/** The program of a member's thread in Node, Deno and Bun. What it throws, Node reports to the starter. */
import { parentPort, workerData } from 'node:worker_threads'
import { serveTeam } from '../../backend/wasm/serve-team.js'

void serveTeam(workerData, () => parentPort?.postMessage('ready'))

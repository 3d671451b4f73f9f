/** The program of a member's thread in Node, Deno and Bun. What it throws, Node reports to the starter. */
import { parentPort, workerData } from 'node:worker_threads'
import { servePool } from '../../backend/wasm/serve-pool.js'

void servePool(workerData, () => parentPort?.postMessage('ready'))

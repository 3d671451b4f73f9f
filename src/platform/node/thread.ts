/** The program of a worker thread in Node, Deno and Bun. Node reports what it throws to the thread that started it. */
import { parentPort, workerData } from 'node:worker_threads'
import { servePool } from '../../backend/wasm/serve-pool.js'

void servePool(workerData, () => parentPort?.postMessage('ready'))

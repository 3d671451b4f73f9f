/**
 * Runs loops of a WebAssembly module on several threads at once: `program.mjs MODULE '{ loops, threads, repetitions }'`.
 * Prints for each loop the sum of the threads' rates in each repetition, in units per second, as JSON.
 */
import { readFile } from 'node:fs/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

/** The size of a read: more than any cache holds, in eight parts whose distance is not a multiple of a page. */
const BYTES = 200_000_000
/** Steps of an arithmetic loop, some milliseconds of them. */
const STEPS = 2_000_000
const PAGE = 65536
/** How long a thread repeats a loop, in milliseconds. */
const SPAN = 200

/** Units per call of a loop. */
const unitsOf = ({ name, macs }) => (name === 'read' ? BYTES : STEPS * macs)

async function serve() {
  const { bytes, gate } = workerData
  const memory = new WebAssembly.Memory({ initial: Math.ceil(BYTES / PAGE) + 16, maximum: 65536 })
  // Small normal numbers: subnormal ones are slow, and pages that were never written are one shared page.
  new Float32Array(memory.buffer).fill(0.5)
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory, abort() {} } })
  const at = 8 * PAGE
  parentPort.on('message', (loop) => {
    const call = () => instance.exports[loop.name](at, loop.name === 'read' ? BYTES : STEPS)
    call()
    // All threads begin together.
    Atomics.add(gate, 0, 1)
    while (Atomics.load(gate, 0) % loop.threads !== 0);
    const start = performance.now()
    let calls = 0
    do {
      call()
      calls++
    } while (performance.now() - start < SPAN)
    parentPort.postMessage((calls * unitsOf(loop) * 1000) / (performance.now() - start))
  })
  parentPort.postMessage('ready')
}

async function main() {
  const [module, argument] = process.argv.slice(2)
  const { loops, threads, repetitions } = JSON.parse(argument)
  const bytes = await readFile(module)
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const next = (worker) =>
    new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL(import.meta.url), { workerData: { bytes, gate } }),
  )
  await Promise.all(workers.map(next))
  const results = loops.map(() => [])
  for (let repetition = -1; repetition < repetitions; repetition++) {
    for (const [i, loop] of loops.entries()) {
      const rates = workers.map(next)
      for (const worker of workers) worker.postMessage({ ...loop, threads })
      const sum = (await Promise.all(rates)).reduce((a, b) => a + b)
      if (repetition >= 0) results[i].push(sum)
    }
  }
  console.log(JSON.stringify(results))
  process.exit()
}

await (isMainThread ? main() : serve())

/** Where the thread that uses the model runs, and where the engine does. */
export const PLACES = [
  { key: 'main', thread: 'main', worker: false },
  { key: 'mainWithWorker', thread: 'main', worker: true },
  { key: 'worker', thread: 'worker', worker: false },
]

export const PLACE_KEYS = PLACES.map(({ key }) => key)

/** Measures at the places with these keys, one after the other, by the two functions of a runtime. */
export async function measureAt(keys, { onMainThread, inWorker }, source, options) {
  const results = {}
  for (const { key, thread, worker } of PLACES.filter(({ key }) => keys.includes(key))) {
    const run = thread === 'main' ? onMainThread : inWorker
    results[key] = await run(source, { ...options, worker })
  }
  return results
}

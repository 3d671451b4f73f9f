/**
 * A thread pool over one shared memory. Each thread has its own instance of this module. JavaScript calls the main
 * thread's; the workers wait in `pool_serve`.
 *
 * A job is a function of a part's index. Free threads take parts one by one, so results must not depend on which thread
 * computes which part. If a worker has died, the other threads do its share; if it dies while computing a part, that part
 * stays unfinished and the main thread's wait times out.
 *
 * In a pool of one, the main thread computes every part itself and uses no atomics, so memory need not be shared.
 */

/**
 * Shared words, each in its own cache line. They are placed after the static data, because every new instance writes its
 * static data again.
 */
const LINE: usize = 64
const WORDS = (__heap_base + LINE - 1) & ~(LINE - 1)
/** First address that the kernels do not use. */
export const HEAP_START = WORDS + 6 * LINE
/** i64: the job's number in the upper half, the count of parts not yet taken in the lower. Parts are taken by compare-and-exchange, so a late worker cannot take one of the next job. */
const OPEN = WORDS
/** i32: the job's number again, which workers spin and sleep on. */
const JOB = WORDS + LINE
/** i32: unfinished parts. */
const UNFINISHED = WORDS + 2 * LINE
/** i32: workers asleep on JOB. */
const ASLEEP = WORDS + 3 * LINE
/** i32: whether the main thread is asleep on UNFINISHED. */
const MAIN_ASLEEP = WORDS + 4 * LINE
/** i32: the function to call, as its index in the table; 0 makes the workers return. */
const WORK = WORDS + 5 * LINE

/** Spins before sleeping, about a tenth of a millisecond: longer than the gaps between the jobs of a token. */
const SPINS: i32 = 1 << 17
/** Spins after which a main thread that cannot sleep gives up, about ten seconds. */
const SPINS_IN_ALL: i64 = 1 << 33
/** One sleep of the main thread, in nanoseconds, and after how many it gives up. */
const NAP: i64 = 1_000_000_000
const NAPS: i32 = 30

/** Threads in the pool, including the main thread. Set on the main thread only. */
let size: i32 = 1
/** Whether this thread can block: the main thread of a web page cannot. */
let canSleep: bool = true
let job: i32 = 0
/** Index of this thread, 0 for the main thread. */
let ownIndex: i32 = 0

/** Makes this instance the main thread of a pool of `threads` threads, including itself. */
export function pool_start(threads: i32, sleeps: bool): void {
  size = threads
  canSleep = sleeps
}

/** Number of threads in the pool, including the main thread; valid on the main thread. */
@inline
export function threadCount(): i32 {
  return size
}

/** Index of the current thread, for per-thread scratch. */
@inline
export function threadIndex(): i32 {
  return ownIndex
}

/**
 * Calls `work` (the table index of a function of a part's index) for each of `parts` parts, on all threads, and returns
 * when all are done. Traps when a part is not finished within half a minute.
 */
export function parallelFor(work: u32, parts: i32): void {
  if (size == 1 || parts == 1) {
    for (let part = 0; part < parts; part++) call_indirect<void>(work, part)
    return
  }
  store<u32>(WORK, work)
  atomic.store<i32>(UNFINISHED, parts)
  publish(parts)
  runParts(job, work)
  for (let spin = 0; spin < SPINS; spin++) {
    if (atomic.load<i32>(UNFINISHED) == 0) return
  }
  if (!(canSleep ? sleepUntilFinished() : spinUntilFinished())) unreachable()
}

/** The loop of worker `index`, from 1 up. Returns when the pool shuts down. */
export function pool_serve(index: i32): void {
  ownIndex = index
  let seen = 0
  while (true) {
    seen = nextJob(seen)
    const work = load<u32>(WORK)
    if (work == 0) return
    runParts(seen, work)
  }
}

/** Makes the workers return; the main thread goes on alone. Idempotent. */
export function pool_shut_down(): void {
  if (size == 1) return
  size = 1
  store<u32>(WORK, 0)
  publish(0)
}

function publish(parts: i32): void {
  job++
  atomic.store<i64>(OPEN, ((<i64>job) << 32) | <i64>parts)
  atomic.store<i32>(JOB, job)
  if (atomic.load<i32>(ASLEEP) > 0) atomic.notify(JOB, i32.MAX_VALUE)
}

/** Computes parts of job `number` until none is left to take. */
function runParts(number: i32, work: u32): void {
  let open = atomic.load<i64>(OPEN)
  while (<i32>(open >> 32) == number && <i32>open > 0) {
    const found = atomic.cmpxchg<i64>(OPEN, open, open - 1)
    if (found != open) {
      open = found
      continue
    }
    call_indirect<void>(work, <i32>open - 1)
    const last = atomic.sub<i32>(UNFINISHED, 1) == 1
    if (last && ownIndex != 0 && atomic.load<i32>(MAIN_ASLEEP) != 0) atomic.notify(UNFINISHED, 1)
    open = atomic.load<i64>(OPEN)
  }
}

/** Waits for a job other than `seen`. */
function nextJob(seen: i32): i32 {
  for (let spin = 0; spin < SPINS; spin++) {
    const found = atomic.load<i32>(JOB)
    if (found != seen) return found
  }
  atomic.add<i32>(ASLEEP, 1)
  while (atomic.load<i32>(JOB) == seen) atomic.wait<i32>(JOB, seen, -1)
  atomic.sub<i32>(ASLEEP, 1)
  return atomic.load<i32>(JOB)
}

function sleepUntilFinished(): bool {
  atomic.store<i32>(MAIN_ASLEEP, 1)
  for (let nap = 0; nap < NAPS; nap++) {
    const left = atomic.load<i32>(UNFINISHED)
    if (left == 0) break
    atomic.wait<i32>(UNFINISHED, left, NAP)
  }
  atomic.store<i32>(MAIN_ASLEEP, 0)
  return atomic.load<i32>(UNFINISHED) == 0
}

function spinUntilFinished(): bool {
  for (let spin: i64 = 0; spin < SPINS_IN_ALL; spin++) {
    if (atomic.load<i32>(UNFINISHED) == 0) return true
  }
  return false
}

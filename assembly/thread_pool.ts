/**
 * A standing team of threads over one shared memory. Each thread has its own instance of this module; the one that
 * JavaScript calls is the leader, the others are members, parked in `pool_serve` until there is work.
 *
 * Work is a function of a part's number, and parts are taken one by one by whoever is free. Who takes which must not
 * matter to the result. A member that has died takes none, and the others do it all; one that dies with a part in its
 * hands leaves it unfinished, which the leader finds out by waiting in vain.
 *
 * Alone (a team of one) the leader does every part itself and touches no atomic: so it may on unshared memory.
 */

/**
 * Shared words, each in a cache line of its own. They lie behind the static data, because every instance that is made
 * writes its static data anew.
 */
const LINE: usize = 64
const WORDS = (__heap_base + LINE - 1) & ~(LINE - 1)
/** Where memory begins that nothing of the kernels is in. */
export const HEAP_START = WORDS + 6 * LINE
/** i64: the job's number above, the count of parts that nobody has taken below. Taken by compare-and-exchange, so that a late member cannot take from the next job. */
const OPEN = WORDS
/** i32: the job's number again, for members to watch and sleep on. */
const JOB = WORDS + LINE
/** i32: parts that are not done yet. */
const UNFINISHED = WORDS + 2 * LINE
/** i32: members asleep on JOB. */
const ASLEEP = WORDS + 3 * LINE
/** i32: whether the leader sleeps on UNFINISHED. */
const LEADER_ASLEEP = WORDS + 4 * LINE
/** i32: the function to call, as its index in the table; 0 sends the members home. */
const WORK = WORDS + 5 * LINE

/** Looks at a word before going to sleep, about a tenth of a millisecond: longer than the pauses within a token. */
const SPINS: i32 = 1 << 17
/** A leader that may not sleep gives up after so many looks, some ten seconds. */
const SPINS_IN_ALL: i64 = 1 << 33
/** One sleep of the leader, in nanoseconds, and how many it takes for it to give up. */
const NAP: i64 = 1_000_000_000
const NAPS: i32 = 30

/** Threads of the team, the leader included. Only the leader knows. */
let size: i32 = 1
/** Whether this thread may sleep: the main thread of a web page may not. */
let maySleep: bool = true
let job: i32 = 0
/** This thread's number, 0 for the leader. */
let me: i32 = 0

/** Makes this instance the leader of `threads` threads, itself included. */
export function pool_start(threads: i32, sleeps: bool): void {
  size = threads
  maySleep = sleeps
}

/** How many threads there are to share work with, the leader included. */
@inline
export function threadCount(): i32 {
  return size
}

/** The number of the thread that runs this, for scratch that is its own. */
@inline
export function threadIndex(): i32 {
  return me
}

/**
 * Calls `work` (a function's index in the table, taking a part's number) for each of `parts` parts, on all threads,
 * and returns when all are done. Traps when a part that somebody took is not finished in half a minute.
 */
export function share(work: u32, parts: i32): void {
  if (size == 1 || parts == 1) {
    for (let part = 0; part < parts; part++) call_indirect<void>(work, part)
    return
  }
  store<u32>(WORK, work)
  atomic.store<i32>(UNFINISHED, parts)
  announce(parts)
  serve(job, work)
  for (let spin = 0; spin < SPINS; spin++) {
    if (atomic.load<i32>(UNFINISHED) == 0) return
  }
  if (!(maySleep ? sleepUntilFinished() : spinUntilFinished())) unreachable()
}

/** A member's life: `number` is its own, 1 and up. Returns when the team is dismissed. */
export function pool_serve(number: i32): void {
  me = number
  let seen = 0
  while (true) {
    seen = nextJob(seen)
    const work = load<u32>(WORK)
    if (work == 0) return
    serve(seen, work)
  }
}

/** Sends the members home; the leader goes on alone. Harmless when repeated. */
export function pool_shut_down(): void {
  if (size == 1) return
  size = 1
  store<u32>(WORK, 0)
  announce(0)
}

function announce(parts: i32): void {
  job++
  atomic.store<i64>(OPEN, ((<i64>job) << 32) | <i64>parts)
  atomic.store<i32>(JOB, job)
  if (atomic.load<i32>(ASLEEP) > 0) atomic.notify(JOB, i32.MAX_VALUE)
}

/** Does parts of job `number` until none is open. */
function serve(number: i32, work: u32): void {
  let open = atomic.load<i64>(OPEN)
  while (<i32>(open >> 32) == number && <i32>open > 0) {
    const found = atomic.cmpxchg<i64>(OPEN, open, open - 1)
    if (found != open) {
      open = found
      continue
    }
    call_indirect<void>(work, <i32>open - 1)
    const last = atomic.sub<i32>(UNFINISHED, 1) == 1
    if (last && me != 0 && atomic.load<i32>(LEADER_ASLEEP) != 0) atomic.notify(UNFINISHED, 1)
    open = atomic.load<i64>(OPEN)
  }
}

/** Waits for another job than `seen`. */
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
  atomic.store<i32>(LEADER_ASLEEP, 1)
  for (let nap = 0; nap < NAPS; nap++) {
    const left = atomic.load<i32>(UNFINISHED)
    if (left == 0) break
    atomic.wait<i32>(UNFINISHED, left, NAP)
  }
  atomic.store<i32>(LEADER_ASLEEP, 0)
  return atomic.load<i32>(UNFINISHED) == 0
}

function spinUntilFinished(): bool {
  for (let spin: i64 = 0; spin < SPINS_IN_ALL; spin++) {
    if (atomic.load<i32>(UNFINISHED) == 0) return true
  }
  return false
}

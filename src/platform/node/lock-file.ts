import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import process from 'node:process'
import { delay } from '../../abortable.js'
import type { LockOptions, StoreLock } from '../../storage/store/folder.js'
import { fileError } from './file-error.js'

/** Milliseconds between signs of life of a lock's holder. */
const HEARTBEAT = 2000
/** Without a sign of life for so long, by the clock of the waiting process, a lock is abandoned. */
const ABANDONED = 15_000
const POLL = 200

/** What a lock file says of its holder. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** Distinguishes locks of one process. */
  readonly token: string
}

/**
 * A lock among processes: a file that only one can create. Its holder touches it every two seconds; one that does not, or whose
 * process has ended, is replaced. Times of different clocks are never compared.
 */
export async function lockFile(path: string, { signal, onWait }: LockOptions = {}): Promise<StoreLock> {
  const own: Holder = { pid: process.pid, host: hostname(), token: randomBytes(8).toString('hex') }
  await mkdir(dirname(path), { recursive: true }).catch((cause) => {
    throw fileError(path, cause)
  })
  let isWaiting = false
  let seen: { readonly sign: string; readonly since: number } | undefined
  while (!(await create(path, own))) {
    if (!isWaiting) onWait?.()
    isWaiting = true
    const sign = await signOfLife(path)
    if (sign !== seen?.sign) seen = { sign, since: performance.now() }
    if (performance.now() - seen.since > ABANDONED || (await hasEnded(path))) await takeAway(path, sign)
    else await delay(POLL, signal)
    signal?.throwIfAborted()
  }
  const timer = setInterval(() => {
    const now = new Date()
    const touch = async () => void ((await isOwn(path, own)) && (await utimes(path, now, now)))
    touch().catch(() => {})
  }, HEARTBEAT)
  timer.unref()
  return {
    isHeld: () => isOwn(path, own),
    async release() {
      clearInterval(timer)
      if (await isOwn(path, own)) await rm(path, { force: true }).catch(() => {})
    },
  }
}

/** Whether the lock was free. */
async function create(path: string, own: Holder): Promise<boolean> {
  try {
    const handle = await open(path, 'wx')
    try {
      await handle.writeFile(JSON.stringify(own))
    } finally {
      await handle.close()
    }
    return true
  } catch (cause) {
    // On Windows a file that is being removed refuses access.
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST' || (code === 'EPERM' && process.platform === 'win32')) return false
    throw fileError(path, cause)
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

async function isOwn(path: string, { token }: Holder): Promise<boolean> {
  return (await holderOf(path))?.token === token
}

/** Changes as long as the holder lives. */
async function signOfLife(path: string): Promise<string> {
  const [holder, time] = await Promise.all([
    holderOf(path),
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  ])
  return `${holder?.token} ${time}`
}

/** Whether the holder was a process of this machine that has ended. */
async function hasEnded(path: string): Promise<boolean> {
  const holder = await holderOf(path)
  if (!holder || holder.host !== hostname()) return false
  try {
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Removes a lock whose sign of life is still the same. Of several processes one does it. */
async function takeAway(path: string, sign: string): Promise<void> {
  const guard = `${path}.stale`
  try {
    await (await open(guard, 'wx')).close()
  } catch {
    // Another process is at it; one that died there leaves the guard behind.
    const age = await stat(guard).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (age > ABANDONED) await rm(guard, { force: true })
    await delay(POLL, undefined)
    return
  }
  try {
    if ((await signOfLife(path)) === sign) await rm(path, { force: true })
  } finally {
    await rm(guard, { force: true })
  }
}

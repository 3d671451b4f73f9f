import type { LockOptions, StoreLock } from '../../storage/store/folder.js'

/**
 * A lock among the tabs and Workers of an origin. It ends with its tab. Where the browser has no Web Locks, as on pages without
 * HTTPS, nothing is locked.
 */
export async function webLock(name: string, { signal, onWait }: LockOptions = {}): Promise<StoreLock> {
  const locks = globalThis.navigator?.locks
  if (!locks) return { isHeld: async () => true, release: async () => {} }
  const free = await hold(locks, name, { ifAvailable: true })
  if (free) return free
  onWait?.()
  return (await hold(locks, name, signal ? { signal } : {}))!
}

/** `undefined` if it is not available. Rejects with the signal's reason. */
function hold(
  locks: LockManager,
  name: string,
  options: LockOptionsOfBrowser,
): Promise<StoreLock | undefined> {
  return new Promise((resolve, reject) => {
    locks
      .request(name, options, (lock) => {
        if (!lock) return resolve(undefined)
        let isHeld = true
        return new Promise<void>((end) => {
          resolve({
            isHeld: async () => isHeld,
            release: async () => {
              isHeld = false
              end()
            },
          })
        })
      })
      .catch(reject)
  })
}

type LockOptionsOfBrowser = { readonly ifAvailable?: boolean; readonly signal?: AbortSignal }

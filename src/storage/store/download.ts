import { abortable } from '../../abortable.js'
import { DasllamaError } from '../../errors.js'
import { RateMeter } from '../../rate-meter.js'
import type { HttpOptions } from '../http-client.js'
import { replaced } from '../http-failures.js'
import { statedSha256 } from '../http-headers.js'
import { checkRange } from '../range.js'
import type { ByteSource } from '../source.js'
import { openUrl } from '../url.js'
import { lockLost, noSpace, wrongChecksum, wrongLength } from './failures.js'
import type { PartialFile, StoreFolder, StoreLock } from './folder.js'
import { readPieces } from './pieces.js'
import { decodePartialRecord, encodeRecord, type StoredRecord } from './record.js'
import { RunningHash } from './running-hash.js'

/** A file on a server, and what is known of it before it is requested. */
export interface RemoteFile {
  /** The name that it gets in the store. */
  readonly name: string
  /** The name of its files in the folder. */
  readonly fileName: string
  readonly url: URL
  /** Bytes, if stated. */
  readonly size?: number | undefined
  /** Lowercase hexadecimal, if stated. */
  readonly sha256?: string | undefined
  readonly http: HttpOptions
}

/** How far a download is. */
export interface DownloadProgress {
  /** Bytes that have arrived, those of earlier attempts included. */
  readonly loaded: number
  /** Bytes of the file; `undefined` if the server does not state its length. */
  readonly total: number | undefined
  readonly bytesPerSecond: number
}

export interface DownloadOptions {
  /** Requests at a time. */
  readonly connections: number
  /** Throws for the first bytes of a file that is not a model. */
  readonly checkStart: (name: string, start: Uint8Array) => void
  /** Called if another tab or process is downloading the file, before this one waits for it. */
  readonly onWait: () => void
  /** The record of the file, if it is stored and whole, and need not be downloaded. Called with the lock. */
  readonly findStored: () => Promise<StoredRecord | undefined>
  /** Makes room for this many bytes, as far as that is allowed. */
  readonly makeRoom: (bytes: number) => Promise<void>
  /** Other names and the pin, which the record keeps. */
  readonly describe: () => Promise<Pick<StoredRecord, 'aliases' | 'isPinned'>>
}

/** How often a download begins again because the file was replaced on the server, or a continued one is damaged. */
const MAX_RESTARTS = 2
/** Kept of a body that can only be read forwards. */
const KEPT_BYTES = 4 * 2 ** 20

/** What a download has, for readers that do not wait for its end. */
interface Opened {
  readonly file: PartialFile
  readonly size: number
  readonly version: string | undefined
}

interface Waiter {
  readonly start: number
  readonly end: number
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/**
 * One file on its way into a store: continued where an earlier attempt stopped, hashed, and given its name only when it is
 * whole and correct. Several callers can share it; it ends with an abort when the last one has left.
 */
export class Download {
  /** Resolves when the file is stored, and rejects with why it is not. */
  readonly finished: Promise<StoredRecord>
  /** Resolves when bytes can be read; with `undefined` if the file was stored meanwhile. Rejects like `finished`. */
  readonly opened: Promise<Opened | undefined>
  readonly #folder: StoreFolder
  readonly #remote: RemoteFile
  readonly #options: DownloadOptions
  readonly #controller = new AbortController()
  readonly #listeners = new Set<(progress: DownloadProgress) => void>()
  #waiters: Waiter[] = []
  #users = 0
  #hasReaders = false
  #source: ByteSource | undefined
  #file: PartialFile | undefined
  #isFinished = false
  #failure: { readonly reason: unknown } | undefined
  /** Bytes of pieces that have not been written yet. */
  #inFlight = 0
  #rate: RateMeter | undefined
  #resolveOpened: (opened: Opened | undefined) => void = () => {}

  constructor(folder: StoreFolder, remote: RemoteFile, options: DownloadOptions) {
    this.#folder = folder
    this.#remote = remote
    this.#options = options
    let rejectOpened: (reason: unknown) => void
    this.opened = new Promise((resolve, reject) => {
      this.#resolveOpened = resolve
      rejectOpened = reject
    })
    this.finished = this.#run().then(
      (record) => {
        this.#isFinished = true
        this.#resolveOpened(undefined)
        this.#settleWaiters()
        return record
      },
      (reason) => {
        rejectOpened(reason)
        for (const { reject } of this.#waiters.splice(0)) reject(reason)
        throw reason
      },
    )
    this.finished.catch(() => {})
    this.opened.catch(() => {})
  }

  get isAborted(): boolean {
    return this.#controller.signal.aborted
  }

  /** Counts a caller. Returns what it calls once when it leaves, with the reason of an abort if there is one. */
  join(onProgress?: (progress: DownloadProgress) => void): (reason?: unknown) => Promise<void> {
    this.#users++
    if (onProgress) this.#listeners.add(onProgress)
    let isGone = false
    return async (reason) => {
      if (isGone) return
      isGone = true
      if (onProgress) this.#listeners.delete(onProgress)
      if (--this.#users > 0) return
      if (!this.#isFinished) this.#controller.abort(reason ?? new Error('nobody waits for the download'))
      await this.finished.catch(() => {})
      await this.#file?.close()
    }
  }

  /** Fills `target` once its bytes have arrived. Rejects with why the download failed, or the signal's reason. */
  async read(offset: number, target: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const opened = await abortable(this.opened, signal)
    if (!opened || !this.#file) throw replaced(this.#remote.name)
    checkRange(this.#remote.name, opened.size, offset, target.length)
    await abortable(this.#arrivalOf(offset, offset + target.length), signal)
    // After a failure the file may be closed while it is read.
    const reading = this.#file.read(offset, target).catch((error) => {
      throw this.#failure?.reason ?? error
    })
    await abortable(reading, signal)
  }

  /** Before the first read: from now on the file cannot begin again with other bytes. */
  addReader(): void {
    this.#hasReaders = true
  }

  #arrivalOf(start: number, end: number): Promise<void> {
    if (this.#file!.ranges.has(start, end)) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ start, end, resolve, reject })
      this.finished.catch(reject)
    })
  }

  #settleWaiters(): void {
    const ranges = this.#file?.ranges
    this.#waiters = this.#waiters.filter(({ start, end, resolve }) => {
      if (!ranges?.has(start, end)) return true
      resolve()
      return false
    })
  }

  async #run(): Promise<StoredRecord> {
    const { signal } = this.#controller
    const { onWait, findStored } = this.#options
    const lock = await this.#folder.lock(this.#remote.fileName, { signal, onWait })
    try {
      const stored = await findStored()
      if (stored) return stored
      return await this.#attempt(lock, MAX_RESTARTS)
    } catch (error) {
      this.#failure = { reason: error }
      await this.#file?.close()
      throw error
    } finally {
      await lock.release()
    }
  }

  async #attempt(lock: StoreLock, restarts: number): Promise<StoredRecord> {
    const { signal } = this.#controller
    let stated: string | undefined
    const source = await this.#openSource((response) => {
      stated = statedSha256(response)
    })
    this.#source = source
    let isResumed = false
    try {
      const sha256 = this.#remote.sha256 ?? stated
      isResumed = await this.#openFile(source, sha256)
      return await this.#transfer(source, sha256, lock)
    } catch (error) {
      const mayRestart =
        restarts > 0 && !this.#hasReaders && !signal.aborted && error instanceof DasllamaError
      const isDamaged = mayRestart && error.code === 'BAD_FORMAT' && isResumed
      const begins = isDamaged || (mayRestart && error.code === 'IO' && (await this.#isReplaced(source)))
      if (!begins) throw error
    } finally {
      await source.close()
    }
    await this.#file?.close()
    return this.#attempt(lock, restarts - 1)
  }

  #openSource(onOpened?: (response: Response) => void): Promise<ByteSource> {
    const { url, http } = this.#remote
    const { checkStart } = this.#options
    return openUrl(url, {
      ...http,
      signal: this.#controller.signal,
      maxBufferedBytes: KEPT_BYTES,
      checkStart,
      isCacheable: false,
      onOpened,
      onReceived: (bytes) => {
        this.#inFlight += bytes
        this.#report()
      },
    })
  }

  /** Whether the server has another file than `source` now. */
  async #isReplaced({ size, version }: ByteSource): Promise<boolean> {
    try {
      const now = await this.#openSource()
      await now.close()
      return now.size !== size || now.version !== version
    } catch {
      return false
    }
  }

  /** Opens the partial file. Resolves with whether it continues that of an earlier attempt. */
  async #openFile(source: ByteSource, sha256: string | undefined): Promise<boolean> {
    const { name, size: stated } = this.#remote
    const size = knownSize(source)
    if (stated !== undefined && size !== undefined && size !== stated) throw wrongLength(name, stated, size)
    const remoteVersion = sha256 ?? source.version
    const file = await this.#folder.partial(this.#remote.fileName)
    this.#file = file
    const before = decodePartialRecord(await this.#folder.readText(this.#partialRecordName))
    const isSame =
      before !== undefined &&
      before.name === name &&
      before.remoteVersion === remoteVersion &&
      before.size === size &&
      (file.ranges.ranges.at(-1)?.end ?? 0) <= (size ?? Number.POSITIVE_INFINITY)
    if (!isSame) {
      // In this order: whatever is interrupted, no record describes bytes of another file.
      await this.#folder.removeText(this.#partialRecordName)
      await file.reset()
      if (remoteVersion !== undefined) {
        const record = encodeRecord({ name, size, remoteVersion })
        await this.#folder.writeText(this.#partialRecordName, record)
      }
    }
    const isResumed = file.ranges.bytes > 0
    this.#inFlight = 0
    this.#rate = new RateMeter(file.ranges.bytes)
    return isResumed
  }

  async #transfer(source: ByteSource, stated: string | undefined, lock: StoreLock): Promise<StoredRecord> {
    const { signal } = this.#controller
    const { name } = this.#remote
    const file = this.#file!
    await this.#checkSpace(source)
    const hash = new RunningHash(file, this.#folder.hasher())
    hash.advance()
    if (knownSize(source) !== undefined) {
      this.#resolveOpened({ file, size: source.size, version: stated ?? source.version })
    }
    this.#report()
    let size: number
    try {
      size = await readPieces(source, file.ranges, {
        connections: this.#options.connections,
        signal,
        onPiece: async (offset, bytes) => {
          if (offset === 0) this.#options.checkStart(name, bytes)
          if (!(await lock.isHeld())) throw lockLost(name)
          await this.#write(source, offset, bytes)
          hash.advance()
          this.#settleWaiters()
          this.#report()
        },
      })
    } catch (error) {
      await hash.settled()
      throw error
    }
    if (this.#remote.size !== undefined && size !== this.#remote.size) {
      throw wrongLength(name, this.#remote.size, size)
    }
    const sha256 = await hash.finish(signal)
    if (stated !== undefined && sha256 !== stated) {
      await this.#folder.removeText(this.#partialRecordName)
      await file.reset()
      throw wrongChecksum(name, stated, sha256)
    }
    if (!(await lock.isHeld())) throw lockLost(name)
    return this.#finish(file, {
      size,
      sha256,
      isVerified: stated !== undefined,
      remoteVersion: stated ?? source.version,
    })
  }

  async #write(source: ByteSource, offset: number, bytes: Uint8Array): Promise<void> {
    try {
      await this.#file!.write(offset, bytes)
    } catch (cause) {
      if (!(cause instanceof DasllamaError && cause.code === 'NO_SPACE')) throw cause
      throw noSpace(this.#remote.name, {
        needed: this.#missing(source),
        free: await this.#folder.freeSpace(),
        cause,
      })
    }
    this.#inFlight = Math.max(0, this.#inFlight - bytes.length)
  }

  async #finish(
    file: PartialFile,
    facts: Pick<StoredRecord, 'size' | 'sha256' | 'isVerified' | 'remoteVersion'>,
  ): Promise<StoredRecord> {
    const now = Date.now()
    const { name } = this.#remote
    const described = await this.#options.describe()
    const record = { name, ...described, ...facts, localVersion: undefined, storedAt: now, usedAt: now }
    const recordName = `${this.#remote.fileName}.json`
    // Before the file has its name: if this process ends in between, the next one finds a partial file with all bytes.
    await this.#folder.writeText(recordName, encodeRecord(record))
    const { version } = await file.finish(facts.size)
    const whole = { ...record, localVersion: version }
    await this.#folder.writeText(recordName, encodeRecord(whole))
    await this.#folder.removeText(this.#partialRecordName)
    return whole
  }

  async #checkSpace(source: ByteSource): Promise<void> {
    const needed = this.#missing(source)
    await this.#options.makeRoom(needed)
    const free = await this.#folder.freeSpace()
    if (free !== undefined && free < needed) throw noSpace(this.#remote.name, { needed, free })
  }

  /** Bytes that are still to be written, as far as known. */
  #missing(source: ByteSource): number {
    return Math.max(0, (knownSize(source) ?? this.#remote.size ?? 0) - this.#file!.ranges.bytes)
  }

  get #partialRecordName(): string {
    return `${this.#remote.fileName}.part.json`
  }

  #report(): void {
    const [source, file] = [this.#source, this.#file]
    if (!source || !file || !this.#rate) return
    const total = knownSize(source) ?? this.#remote.size
    // Bytes of a body that is read from its beginning again do not count twice.
    const inFlight = source.isSequential ? 0 : this.#inFlight
    const loaded = Math.min(file.ranges.bytes + inFlight, total ?? Number.POSITIVE_INFINITY)
    const bytesPerSecond = this.#rate.update(loaded)
    try {
      for (const listener of this.#listeners) listener({ loaded, total, bytesPerSecond })
    } catch (error) {
      this.#controller.abort(error)
    }
  }
}

/** The length of a source; `undefined` for a body whose end has not been reached. */
function knownSize({ size }: ByteSource): number | undefined {
  return size === Number.MAX_SAFE_INTEGER ? undefined : size
}

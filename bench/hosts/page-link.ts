import { mkdir, rm, symlink } from 'node:fs/promises'
import { basename, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChromium } from '../../test/runtimes/chromium.js'
import { type FileServer, serveFiles } from '../../test/runtimes/file-server.js'
import { withFirefox } from '../../test/runtimes/firefox.js'
import type { Link } from './link.js'
import type { Answer, Replies, Request } from './protocol.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Links to files outside the repository, because only the repository is served. */
const ELSEWHERE = `${ROOT}.cache/bench/elsewhere/`

/** Opens a page until `done` settles; rejects if the browser ends before. */
export type Browse = (url: string, done: Promise<void>) => Promise<void>

export const inFirefox: Browse = withFirefox

export const inChromium: Browse = async (url, done) => {
  const browser = await startChromium()
  try {
    const page = await browser.newPage()
    const failed = new Promise<never>((_, reject) => {
      page.on('crash', () => reject(new Error('the page crashed')))
      page.on('pageerror', reject)
      browser.on('disconnected', () => reject(new Error('Chromium ended too early')))
    })
    await Promise.race([page.goto(url), failed])
    await Promise.race([done, failed])
  } finally {
    await browser.close()
  }
}

/** A contestant on a page in a separate browser. The page polls for requests; see page.ts. */
export class PageLink implements Link {
  #server!: FileServer
  #browsing!: Promise<void>
  #close: () => void = () => {}
  #answered: (answer: Answer) => void = () => {}
  /** Resolves with the function that sends the next request to the page, once the page waits for it. */
  #arrived: (send: (request: string) => void) => void = () => {}
  #waiting = this.#arrival()

  /** `program`: path of the host's program; `inWorker`: runs it in a worker of the page. */
  static async open(browse: Browse, program: string, { inWorker }: { inWorker: boolean }): Promise<PageLink> {
    const link = new PageLink()
    link.#server = await serveFiles((text) => link.#post(text))
    const closed = new Promise<void>((resolve) => {
      link.#close = resolve
    })
    const host = `${inWorker ? 'worker:' : ''}/${relative(ROOT, program)}`
    link.#browsing = browse(`${link.#server.url}bench/hosts/page.html#${host}`, closed)
    link.#browsing.catch(() => {})
    return link
  }

  #arrival(): Promise<(request: string) => void> {
    return new Promise((resolve) => {
      this.#arrived = resolve
    })
  }

  /** The page posts its answer to the last request, or null, and gets the next one. */
  #post(text: string): Promise<string> {
    const answer: Answer | null = JSON.parse(text)
    const next = new Promise<string>((send) => this.#arrived(send))
    if (answer) this.#answered(answer)
    return next
  }

  async address(path: string): Promise<string> {
    const inside = relative(ROOT, path)
    if (!inside.startsWith('..')) return `/${inside}`
    await mkdir(ELSEWHERE, { recursive: true })
    const link = ELSEWHERE + basename(path)
    await rm(link, { force: true })
    await symlink(path, link)
    return `/${relative(ROOT, link)}`
  }

  async ask<K extends Request['do']>(request: Extract<Request, { do: K }>): Promise<Replies[K]> {
    const answered = new Promise<Answer>((resolve) => {
      this.#answered = resolve
    })
    const ended = this.#browsing.then(() => Promise.reject(new Error('the browser was closed')))
    // It can make only one of the races below reject.
    ended.catch(() => {})
    const send = await Promise.race([this.#waiting, ended])
    this.#waiting = this.#arrival()
    send(JSON.stringify(request))
    const answer = await Promise.race([answered, ended])
    if ('error' in answer) throw new Error(answer.error)
    return answer.value as Replies[K]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close()
    await this.#browsing.catch(() => {})
    await this.#server.close()
  }
}

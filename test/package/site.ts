/** Pages of an app in Chromium. */
import { relative } from 'node:path'
import type { Browser } from 'playwright-core'
import { type FileServer, serveFiles } from '../runtimes/file-server.js'
import { MODEL_PATH } from '../runtimes/stories.js'
import { ROOT } from '../support/packed.js'

/** What the app's programs give: see app/story.js. */
export interface Outcome {
  readonly ids?: readonly number[]
  readonly warnings?: readonly string[]
  readonly error?: { readonly code?: string; readonly message: string; readonly hint?: string }
}

/** Serves a folder, with the model at `/model.gguf`; unknown paths are the start page, as apps do. */
function serveFolder(folder: string): Promise<FileServer> {
  const files: Readonly<Record<string, string>> = {
    '/model.gguf': `/${MODEL_PATH}`,
    '/passed/kernels.wasm': '/dist/kernels.wasm',
  }
  return serveFiles(undefined, (path) => ({
    file: files[path] ?? `/${relative(ROOT, folder)}${path}`,
    headers: {},
  }))
}

/** Visits a built app. */
export async function visitBuilt(
  browser: Browser,
  folder: string,
  names: readonly string[],
): Promise<Record<string, Outcome>> {
  const server = await serveFolder(folder)
  try {
    return await visit(browser, `${server.url}index.html`, names)
  } finally {
    await server.close()
  }
}

/** Opens a page; resolves with the values of these of its globals, which are promises. */
export async function visit(
  browser: Browser,
  url: string,
  names: readonly string[],
): Promise<Record<string, Outcome>> {
  const page = await browser.newPage()
  const failed = new Promise<never>((_, reject) => {
    page.on('pageerror', reject)
    setTimeout(reject, 120_000, new Error(`${url}: no answer within two minutes`)).unref()
  })
  failed.catch(() => {})
  try {
    await page.goto(url)
    // The page may be reloaded by its server when it has found the app's packages.
    await Promise.race([
      page.waitForFunction(`globalThis.${names[0]} !== undefined`, null, { timeout: 60_000 }),
      failed,
    ])
    const values: Record<string, Outcome> = {}
    for (const name of names) {
      values[name] = await Promise.race([page.evaluate<Outcome>(`globalThis.${name}`), failed])
    }
    return values
  } finally {
    await page.close()
  }
}

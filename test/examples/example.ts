/** How examples are installed, served and opened. */
import { join } from 'node:path'
import type { BrowserContext, Locator, Page } from 'playwright-core'
import { project, ROOT } from '../support/packed.js'
import { serveWith, type ToolServer } from '../support/tool-server.js'

/** A copy of an example's folder, with the packed package installed. */
export function exampleFolder(name: string): Promise<string> {
  return project(name, [], join(ROOT, 'examples', name))
}

/** Serves a folder as the examples' READMEs say. */
export function serveExample(folder: string): Promise<ToolServer> {
  return serveWith([join(ROOT, 'examples/serve.mjs')], folder)
}

/** The model that the examples suggest: its repository, and the file that its name chooses. */
export const REPOSITORY = 'bartowski/SmolLM2-135M-Instruct-GGUF'
export const MODEL_FILE = 'SmolLM2-135M-Instruct-Q4_K_M.gguf'

/**
 * A page whose requests to Hugging Face go to another server, and whose chats always have the same replies. `failures`: what goes
 * wrong without the page showing it.
 */
export async function openPage(
  context: BrowserContext,
  url: string,
  hub: string,
): Promise<{ page: Page; failures: string[] }> {
  await context.addInitScript(`{
    // Seeds come from it.
    Math.random = () => 0.3
    const { fetch } = globalThis
    globalThis.fetch = (input, init) =>
      fetch(input instanceof Request ? input : String(input).replace('https://huggingface.co', '${hub}'), init)
  }`)
  const page = await context.newPage()
  const failures: string[] = []
  page.on('pageerror', ({ message }) => failures.push(message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) failures.push(message.text())
  })
  await page.goto(url)
  return { page, failures }
}

/** Makes the page press its button Stop as soon as the reply at a selector has some words. */
export async function stopAtFirstWords(page: Page, reply: string): Promise<void> {
  await page.evaluate(`{
    const observer = new MutationObserver(() => {
      if ((document.querySelector('${reply}')?.textContent.length ?? 0) < 20) return
      observer.disconnect()
      const buttons = [...document.querySelectorAll('button')]
      buttons.find(({ textContent }) => textContent === 'Stop').click()
    })
    observer.observe(document.body, { childList: true, subtree: true, characterData: true })
  }`)
}

/**
 * Types a text in place of what a field has. React does not notice what Playwright's `fill` does in a Firefox without
 * Playwright's patches.
 */
export async function typeInto(field: Locator, text: string): Promise<void> {
  await field.selectText()
  await field.pressSequentially(text)
}

/** The table that a run prints: a row per test. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, inject, type TestContext } from 'vitest'
import type { Outcome } from './site.js'

/** The size of an app's JavaScript. */
export interface Weight {
  readonly bytes: number
  readonly gzipBytes: number
}

/** Adds a line to the table. */
export function report({ task }: TestContext, result: string, weight?: Weight): void {
  const kB = (bytes: number | undefined) =>
    bytes === undefined ? '' : (bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)
  task.meta.row = {
    tool: task.name,
    result,
    'JavaScript, kB': kB(weight?.bytes),
    'gzip, kB': kB(weight?.gzipBytes),
  }
}

/** All JavaScript of a built app, with what it loads on demand. */
export async function weigh(folder: string): Promise<Weight> {
  let [bytes, gzipBytes] = [0, 0]
  for (const name of await readdir(folder, { recursive: true })) {
    if (!/\.m?js$/.test(name)) continue
    const code = await readFile(join(folder, name))
    bytes += code.length
    gzipBytes += gzipSync(code).length
  }
  return { bytes, gzipBytes }
}

/** What an app reports that works. */
export function told(): Outcome {
  return { ids: inject('story'), warnings: [] }
}

export function expectStory(outcome: Outcome): void {
  expect(outcome).toEqual(told())
}

/** Before the tests of a run: packs the package, installs the tools, and lets Node tell the story that all must repeat. */
import type { TestProject } from 'vitest/node'
import { inParallel } from '../../src/storage/in-parallel.js'
import { storiesInNode } from '../runtimes/stories.js'
import { installTool, packPackage, tools } from '../support/packed.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The greedy tokens of app/story.js. */
    story: readonly number[]
  }
}

/** Installations at once: each waits for the network, and for the disk. */
const AT_ONCE = 3

export default async function setup(project: TestProject): Promise<void> {
  // What cannot be installed is tried again, and reported, by the tests that need it.
  const installing = inParallel(await tools(), AT_ONCE, (tool) => installTool(tool).catch(() => {}))
  await Promise.all([packPackage(), installing])
  project.provide('story', (await storiesInNode()).greedy.ids.slice(0, 12))
}

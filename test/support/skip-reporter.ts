/** A vitest reporter: lists the skipped tests at the end of a run, so that none is skipped silently. */
import type { Reporter, TestModule, Vitest } from 'vitest/node'

export default class SkipReporter implements Reporter {
  #isFiltered = false

  onInit({ config }: Vitest): void {
    this.#isFiltered = config.testNamePattern !== undefined
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#isFiltered) return
    const lines = modules.flatMap((module) =>
      [...module.children.allTests('skipped')].map(
        (test) => `  ${module.relativeModuleId}: ${test.fullName}`,
      ),
    )
    if (lines.length > 0) console.log(`\nSkipped ${lines.length} tests:\n${lines.join('\n')}\n`)
  }
}

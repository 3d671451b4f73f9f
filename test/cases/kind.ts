import { it } from 'vitest'
import '../support/row-reporter.js'

/**
 * One kind of input as one test: every case is tried, even after failures, and `npm run test:cases` prints
 * how many are correct. `attempt` throws for a case that is not.
 */
export function testKind<Case>(
  kind: string,
  cases: readonly Case[],
  attempt: (input: Case) => void | Promise<void>,
): void {
  it(`${kind}: every case has its expected value`, async ({ task }) => {
    if (cases.length === 0) throw new Error(`${kind}: there are no cases`)
    const failures: string[] = []
    for (const input of cases) {
      try {
        await attempt(input)
      } catch (error) {
        failures.push(`${JSON.stringify(input)}\n${error instanceof Error ? error.message : String(error)}`)
      }
    }
    task.meta.row = { kind, tried: cases.length, right: cases.length - failures.length }
    if (failures.length > 0) {
      throw new Error(`${failures.length} of ${cases.length} cases:\n${failures.slice(0, 10).join('\n\n')}`)
    }
  })
}

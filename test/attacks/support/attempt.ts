/** For the children of `testAttack`: reads what they are to try, and reports what became of each attempt. */
import { readFileSync } from 'node:fs'
import { DasllamaError, type ErrorCode } from '../../../src/errors.js'

export function attackInput<T>(): T {
  return JSON.parse(readFileSync(0, 'utf8'))
}

export function report(held: boolean, why?: string): void {
  console.log(JSON.stringify({ held, why }))
}

/**
 * An attempt that is to end with a `DasllamaError`, of one of `codes` where some are named, or, where `mayPass`, well.
 * Anything else that is thrown has not been held.
 */
export async function attempt(
  name: string,
  work: () => unknown,
  { codes, mayPass = false }: { codes?: readonly ErrorCode[]; mayPass?: boolean } = {},
): Promise<void> {
  try {
    await work()
    report(mayPass, `${name}: was accepted`)
  } catch (error) {
    if (!(error instanceof DasllamaError)) return report(false, `${name}: ${String(error).slice(0, 200)}`)
    const expected = codes === undefined || codes.includes(error.code)
    report(expected, `${name}: ${error.code}, ${error.message.slice(0, 200)}`)
  }
}

/** For the child programs of `testAttack`: reads their input, and reports the result of each attempt. */
import { readFileSync } from 'node:fs'
import { DasllamaError, type ErrorCode } from '../../../src/errors.js'

export function attackInput<T>(): T {
  return JSON.parse(readFileSync(0, 'utf8'))
}

export function report(held: boolean, why?: string): void {
  console.log(JSON.stringify({ held, why }))
}

/**
 * An attempt that must fail with a `DasllamaError`, with one of `codes` if given, or, if `mayBeAccepted`, may succeed.
 * Any other error counts as not withstood.
 */
export async function attempt(
  name: string,
  work: () => unknown,
  { codes, mayBeAccepted = false }: { codes?: readonly ErrorCode[]; mayBeAccepted?: boolean } = {},
): Promise<void> {
  try {
    await work()
    report(mayBeAccepted, `${name}: was accepted`)
  } catch (error) {
    if (!(error instanceof DasllamaError)) return report(false, `${name}: ${String(error).slice(0, 200)}`)
    const expected = codes === undefined || codes.includes(error.code)
    report(expected, `${name}: ${error.code}, ${error.message.slice(0, 200)}`)
  }
}

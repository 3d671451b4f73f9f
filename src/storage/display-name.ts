import { describeValue } from '../describe.js'

/** What a terminal or a log shows as it stands, on one line. */
const PLAIN = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]{1,200}$/u

/**
 * The name of a file, an address or a tensor in the words of an error message: unchanged where it is printable and of
 * ordinary length, otherwise as JSON and cut. Names come from strangers, and one with a line feed forges a line of a log.
 */
export function displayName(name: string): string {
  return name.length <= 200 && PLAIN.test(name) ? name : describeValue(name)
}

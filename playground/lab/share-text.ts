import { percent } from '../app/format.js'

/** A probability in percent; one that is too small for two digits is not shown as 0. */
export function shareText(share: number): string {
  return share > 0 && share < 0.00005 ? '< 0.01 %' : percent(share)
}

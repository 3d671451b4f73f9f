import { kebabCase } from '../../src/cli/arguments/options.js'

/** Parameters as the command line writes them: `{ topK: 40 }` is `--top-k=40`. */
export function asOptions(parameters: object): string[] {
  return Object.entries(parameters).map(([name, value]) => {
    return `--${kebabCase(name)}${value === true ? '' : `=${written(value)}`}`
  })
}

function written(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => kebabCase(String(item))).join(',')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, item]) => `${key}=${item === Number.NEGATIVE_INFINITY ? '-inf' : item}`)
    .join(',')
}

import { UsageError } from '../arguments/usage-error.js'

/** The models of a server: sources by name. A name is given as NAME=MODEL, or is the file's. Throws `UsageError`. */
export function namedModels(operands: readonly string[]): ReadonlyMap<string, string> {
  const models = new Map<string, string>()
  for (const operand of operands) {
    const [, given, source = operand] = /^([\w.:-]+)=(.+)$/.exec(operand) ?? []
    const name = given ?? fileName(operand)
    if (models.has(name)) {
      throw new UsageError(`two models are named ${name}`, 'give them names: NAME=MODEL')
    }
    models.set(name, source)
  }
  return models
}

/** The last part of a path, of an address or of a name on the hub, without what GGUF files end with. */
function fileName(source: string): string {
  const last =
    source
      .replace(/[?#].*$/, '')
      .split(/[/\\]/)
      .at(-1) ?? ''
  return last.replace(/(?:-\d{5}-of-\d{5})?\.gguf$/i, '') || source
}

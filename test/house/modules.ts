import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'

/** One import or re-export of a source file. */
export interface Import {
  /** The importing file, from the root of the repository, with slashes. */
  readonly from: string
  /** The imported file in the same form, or the name of a package. */
  readonly to: string
  /** Whether only types are imported, so that the import does not exist at run time. */
  readonly isType: boolean
}

/** `import … from`, `export … from`, `import '…'` and `import('…')`, as the formatter writes them. */
const STATEMENTS =
  /^(?<statement>(?:import|export)(?: type)? (?:\{[^}]*\}|\w+, \{[^}]*\}|\*(?: as \w+)?|\w+)) from '(?<named>[^']+)'|^import '(?<bare>[^']+)'|\bimport\('(?<dynamic>[^']+)'\)/gm

/** All imports of the TypeScript files below a folder. */
export function importsBelow(root: string, folder: string): Import[] {
  return sources(join(root, folder)).flatMap((path) =>
    importsOf(relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')).map((found) => ({
      ...found,
      to: found.to.startsWith('.') ? resolved(root, found) : found.to,
    })),
  )
}

/** The imports of a source text, with their targets as written. */
export function importsOf(from: string, source: string): Import[] {
  return [...source.matchAll(STATEMENTS)].map(({ groups }) => {
    const { statement, named, bare, dynamic } = groups!
    return { from, to: named ?? bare ?? dynamic, isType: statement !== undefined && isOfTypes(statement) }
  })
}

function isOfTypes(statement: string): boolean {
  if (/^(?:import|export) type\b/.test(statement)) return true
  const names = /^(?:import|export) \{(?<names>[^}]*)\}$/.exec(statement)?.groups?.names
  const list = names?.split(',').map((name) => name.trim())
  return list?.filter((name) => name !== '').every((name) => name.startsWith('type ')) ?? false
}

function resolved(root: string, { from, to }: Import): string {
  const path = posix.join(dirname(from), to)
  const candidates = [path, path.replace(/\.js$/, '.ts'), `${path}.ts`]
  const found = candidates.find((each) => each.endsWith('.ts') && existsSync(join(root, each)))
  // Build outputs, such as the kernels for workerd, have no source.
  return found ?? path
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name))
    .sort()
}

/** Groups of files that import each other in a cycle, found by Tarjan's algorithm; each is sorted. */
export function cycles(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>()
  for (const { from, to } of imports) {
    targets.set(from, [...(targets.get(from) ?? []), to])
    if (!targets.has(to)) targets.set(to, [])
  }
  const found: string[][] = []
  const indexOf = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const visit = (file: string): void => {
    const index = indexOf.size
    indexOf.set(file, index)
    lowest.set(file, index)
    open.push(file)
    for (const target of targets.get(file)!) {
      if (!indexOf.has(target)) visit(target)
      if (open.includes(target)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(target)!))
    }
    if (lowest.get(file) !== index) return
    const circle = open.splice(open.indexOf(file))
    if (circle.length > 1 || targets.get(file)!.includes(file)) found.push(circle.sort())
  }
  for (const file of targets.keys()) if (!indexOf.has(file)) visit(file)
  return found
}

/**
 * Removes declarations that the package's entries do not lead to: tsc writes those of every module, with all that they
 * export to other modules.
 *
 * tsc's output is regular: a statement begins in the first column, with the comment before it.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const COMMENT = /\/\*[\s\S]*?\*\//g
const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|function|const|let|interface|type|namespace|enum) ([\w$]+)/
const LIST = /^(import|export)( type)? \{([\s\S]*?)\} from '(.*)';\n$/
const STAR = /^export \* from '(.*)';\n$/

/** The statements of a file. */
function statementsOf(text) {
  const statements = []
  let last = ''
  for (const line of text.match(/.*\n/g) ?? []) {
    const isNext = /^[\w/@]/.test(line) && last.replace(COMMENT, '').trim() !== ''
    if (isNext) statements.push(last)
    last = isNext ? line : last + line
  }
  return [...statements, last].filter((text) => text.trim() !== '').map(parse)
}

function parse(text) {
  const code = text.replace(COMMENT, '').trimStart().replaceAll('"', "'")
  const list = LIST.exec(code)
  if (list) {
    const specifiers = list[3].split(',').map((word) => word.trim())
    const names = specifiers.filter(Boolean).map((specifier) => {
      const [from, as = from] = specifier.replace(/^type /, '').split(' as ')
      return { specifier, from, as }
    })
    return { kind: list[1], isType: list[2] ?? '', names, path: list[4], used: new Set() }
  }
  const star = STAR.exec(code)
  if (star) return { kind: 'star', text, path: star[1] }
  return { kind: 'other', text, code, name: DECLARATION.exec(code)?.[1] }
}

class Declarations {
  #files = new Map()
  /** Statements that stay. */
  #kept = new Set()

  static async read(folder) {
    const declarations = new Declarations()
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    for (const entry of entries.filter((entry) => entry.isFile())) {
      const path = resolve(entry.parentPath ?? entry.path, entry.name)
      declarations.#files.set(path, statementsOf(await readFile(path, 'utf8')))
    }
    return declarations
  }

  /** Keeps all that a file exports. */
  keepAll(path) {
    for (const statement of this.#files.get(path)) {
      if (statement.kind === 'star' || statement.kind === 'export') this.#useAll(path, statement)
      else if (statement.kind === 'other') this.#keep(path, statement)
    }
  }

  /** Keeps what a file calls `name`. Whether there is anything. */
  #keepName(path, name) {
    let isFound = false
    for (const statement of this.#files.get(path)) {
      const { kind, names } = statement
      if (kind === 'other' && statement.name === name) this.#keep(path, statement)
      else if (kind === 'import' || kind === 'export') {
        const found = names.find(({ as }) => as === name)
        if (!found) continue
        this.#use(path, statement, found)
      } else if (kind === 'star') {
        if (!this.#keepName(this.#target(path, statement), name)) continue
        this.#kept.add(statement)
      } else continue
      isFound = true
    }
    return isFound
  }

  /** Keeps a statement, and what its words mean in its file. */
  #keep(path, statement) {
    if (this.#kept.has(statement)) return
    this.#kept.add(statement)
    for (const word of new Set(statement.code.match(/[\w$]+/g))) this.#keepName(path, word)
    // Those without a name apply to the file: global declarations, references, exports of local names.
    for (const other of this.#files.get(path)) {
      if (other.kind === 'other' && other.name === undefined) this.#keep(path, other)
      else if (other.kind === 'export' && other.names.length === 0) this.#useAll(path, other)
    }
  }

  #useAll(path, statement) {
    this.#kept.add(statement)
    const { names = [] } = statement
    if (names.length === 0) this.keepAll(this.#target(path, statement))
    for (const name of names) this.#use(path, statement, name)
  }

  #use(path, statement, name) {
    if (statement.used.has(name)) return
    this.#kept.add(statement)
    statement.used.add(name)
    // Packages have their own.
    if (!statement.path.startsWith('.')) return
    this.#keepName(this.#target(path, statement), name.from)
  }

  #target(path, statement) {
    return resolve(path, '..', statement.path.replace(/\.js$/, '.d.ts'))
  }

  async write() {
    for (const [path, statements] of this.#files) {
      const kept = statements.filter((statement) => this.#kept.has(statement))
      if (kept.length === 0) await rm(path)
      else await writeFile(path, kept.map(textOf).join(''))
    }
  }
}

function textOf({ text, kind, isType, names, path, used }) {
  if (text !== undefined) return text
  const specifiers = names.filter((name) => used.has(name)).map(({ specifier }) => specifier)
  return `${kind}${isType} { ${specifiers.join(', ')} } from '${path}';\n`
}

/** Removes declarations from a folder that those of the entries do not lead to. */
export async function trimTypes(folder, entries) {
  const declarations = await Declarations.read(folder)
  for (const entry of entries) declarations.keepAll(resolve(folder, entry))
  await declarations.write()
  await removeEmpty(folder)
}

async function removeEmpty(folder) {
  const entries = await readdir(folder, { withFileTypes: true })
  await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => removeEmpty(join(folder, entry.name))),
  )
  if ((await readdir(folder)).length === 0) await rm(folder, { recursive: true })
}

/**
 * The pages in docs/api, from the comments of everything that the package's entries export.
 *
 *   npm run docs:api               writes them
 *   npm run docs:api -- --check    exits with 1 if they are outdated, or if something has no comment
 *
 * TypeDoc does not support TypeScript 7, so it lives in an npm workspace with a TypeScript of its own.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, ReflectionKind } from 'typedoc'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PAGES = join(ROOT, 'docs/api')

/** The sources of the package's entries, each once: several have the same declarations. */
async function entryPoints() {
  const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  const declarations = Object.values(exports).flatMap(({ types }) => types ?? [])
  return [...new Set(declarations)].map((path) =>
    join(ROOT, path.replace(/^\.\/dist\/types\/(.*)\.d\.ts$/, 'src/$1.ts')),
  )
}

/** What needs a comment. Members of a type that is written in place have that of the whole. */
const COMMENTED =
  ReflectionKind.Class |
  ReflectionKind.Interface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Function |
  ReflectionKind.Variable |
  ReflectionKind.Method |
  ReflectionKind.Property |
  ReflectionKind.Accessor

/** The full names of what has no comment. */
function uncommented(project) {
  const hasComment = (reflection) =>
    reflection.hasComment() ||
    [...(reflection.signatures ?? []), reflection.getSignature].some((signature) => signature?.hasComment())
  const isInPlace = ({ parent }) =>
    parent !== undefined && (parent.kindOf(ReflectionKind.TypeLiteral) || isInPlace(parent))
  return project
    .getReflectionsByKind(COMMENTED)
    .filter((reflection) => !hasComment(reflection) && !isInPlace(reflection))
    .map((reflection) => reflection.getFullName())
}

/** Writes the pages into `out`. Throws if something has no comment. */
async function write(out) {
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: await entryPoints(),
    tsconfig: fileURLToPath(new URL('tsconfig.json', import.meta.url)),
    basePath: join(ROOT, 'src'),
    // The types are checked by `npm run typecheck`.
    skipErrorChecking: true,
    name: 'API',
    readme: 'none',
    out,
    router: 'member',
    entryFileName: 'README',
    disableSources: true,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeReferences: true,
    excludeProtected: true,
    sort: ['kind', 'alphabetical'],
    hideBreadcrumbs: true,
    hidePageHeader: true,
    indexFormat: 'table',
    useCodeBlocks: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    propertyMembersFormat: 'table',
    validation: { notExported: false, invalidLink: true },
    logLevel: 'Warn',
  })
  const project = await app.convert()
  if (project) app.validate(project)
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error('docs/api is not written')
  for (const module of project.children) {
    module.name = ['dasllama', module.name.replace(/^index$|\/index$/, '')].filter(Boolean).join('/')
  }
  project.children.sort((a, b) => (a.name < b.name ? -1 : 1))
  const names = uncommented(project)
  if (names.length > 0) throw new Error(`without a comment:\n${names.join('\n')}`)
  await app.generateOutputs(project)
}

/** The texts of all files of a folder, by name. */
async function textsOf(folder) {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const files = names.filter((name) => name.endsWith('.md')).sort()
  return await Promise.all(files.map(async (name) => [name, await readFile(join(folder, name), 'utf8')]))
}

async function check() {
  const folder = await mkdtemp(join(tmpdir(), 'dasllama-api-'))
  try {
    await write(folder)
    const [written, kept] = [await textsOf(folder), await textsOf(PAGES)]
    if (JSON.stringify(written) !== JSON.stringify(kept))
      throw new Error('docs/api is outdated: npm run docs:api')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

try {
  if (process.argv.includes('--check')) await check()
  else await write(PAGES)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

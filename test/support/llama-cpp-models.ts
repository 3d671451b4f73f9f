/**
 * llama.cpp's own fixtures: vocabularies with the ids that it expects, and chat templates of published models. They are
 * not part of this repository; the package node-llama-cpp, which the oracle uses, contains llama.cpp's sources as a
 * git bundle, and the first test run checks out its folder `models/`. Needs only git.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const library = join(root, 'node_modules/node-llama-cpp')
const { version } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8')) as { version: string }
const cache = join(root, '.cache')
const folder = join(cache, `llama.cpp-of-node-llama-cpp-${version}`)

/** The path of a file or folder below llama.cpp's `models/`. */
export function llamaCppModels(path: string): string {
  return join(folder, 'models', path)
}

/** Checks the fixtures out unless they exist already. */
function checkOut(): void {
  if (existsSync(folder)) return
  mkdirSync(cache, { recursive: true })
  const aside = mkdtempSync(join(cache, 'checking-out-'))
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: aside, stdio: 'pipe' })
    const [sources, files] = [join(aside, 'sources.git'), join(aside, 'files')]
    mkdirSync(files)
    git('clone', '--quiet', '--bare', join(library, 'llama/gitRelease.bundle'), sources)
    // Git for Windows would convert line ends.
    git(
      ...['-c', 'core.autocrlf=false'],
      ...[`--git-dir=${sources}`, `--work-tree=${files}`, 'checkout', 'HEAD', '--', 'models'],
    )
    renameSync(files, folder)
  } catch (error) {
    // Another run may have been faster.
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Vitest calls this before the tests of a run. */
export function setup(): void {
  checkOut()
}

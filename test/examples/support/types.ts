/** What TypeScript says of an example's program in a folder with the installed package, and no types of a runtime. */
import { join } from 'node:path'
import { ROOT, run } from '../../support/packed.js'

export async function typeErrors(folder: string, program: string): Promise<string> {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const lib = 'es2022,dom,dom.iterable,dom.asynciterable'
  const modules = ['--module', 'esnext', '--moduleResolution', 'bundler']
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    '--lib',
    lib,
    '--types',
    '',
    ...modules,
  ]
  return run(process.execPath, [tsc, ...options, program], folder)
}

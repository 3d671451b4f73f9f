import { type Engine, findEngines } from '../../scripts/engines.mjs'
import { launch } from '../../test/engines/launch.js'
import { bundleHost } from './bundle.js'
import type { Link } from './link.js'
import { inChromium, inFirefox, PageLink } from './page-link.js'
import { ProcessLink } from './process-link.js'
import { WorkerdLink } from './workerd-link.js'

/** Where a contestant runs. */
export type Host =
  /**
   * `workerd`, or a program of scripts/engines.mjs and its major version: `node 24`; or `node`, which runs the bench.
   * `flags`: of the program; `env`: additional environment variables of its process.
   */
  | {
      readonly engine: string
      readonly flags?: readonly string[]
      readonly env?: Readonly<Record<string, string>>
    }
  | { readonly browser: 'chromium' | 'firefox'; readonly inWorker: boolean }

/** Starts the host of the contestant in `module`. Rejects if the machine lacks it. */
export async function openHost(host: Host, module: URL): Promise<Link> {
  if ('browser' in host) {
    const browse = host.browser === 'chromium' ? inChromium : inFirefox
    return PageLink.open(browse, await bundleHost('page', module), host)
  }
  if (host.engine === 'workerd') return WorkerdLink.open(await bundleHost('workerd', module))
  const { engine, flags = [], env } = host
  const [program, ...words] = launch(await findEngine(engine), await bundleHost('process', module))
  return new ProcessLink([program, ...flags, ...words], env)
}

let engines: Promise<Engine[]> | undefined

/** The engine called `node 24`, `bun`. Rejects when there is none. */
export async function findEngine(name: string): Promise<Engine> {
  engines ??= findEngines()
  const [program, major] = name.split(' ')
  const found = (await engines).find(
    (engine) => engine.program === program && (!major || engine.version.startsWith(`${major}.`)),
  )
  if (!found) throw new Error(`${name} is not there: npm run engines`)
  return found
}

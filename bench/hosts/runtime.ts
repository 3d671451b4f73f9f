/** The runtime's name and version, as records show them. */

/** `Node 24.1.0 (V8 13.6)`. */
export function processRuntime(): string {
  const { Bun, Deno } = globalThis as {
    Bun?: { version: string }
    Deno?: { version: { deno: string; v8: string } }
  }
  if (Bun) return `Bun ${Bun.version}`
  if (Deno) return `Deno ${Deno.version.deno} (V8 ${Deno.version.v8})`
  return `Node ${process.versions.node} (V8 ${process.versions.v8})`
}

/** Chromium's full version, which the user agent string shortens. */
interface UserAgentData {
  getHighEntropyValues(hints: readonly string[]): Promise<{ readonly uaFullVersion?: string }>
}

/** `Chromium 156.0`, on a page and in its workers. */
export async function browserRuntime(): Promise<string> {
  const { userAgent, userAgentData } = navigator as Navigator & { userAgentData?: UserAgentData }
  const [, name, version] = /(Chrome|Firefox)\/([\d.]+)/.exec(userAgent) ?? []
  if (!name) return userAgent
  const exact = await userAgentData?.getHighEntropyValues(['uaFullVersion'])
  return `${name === 'Chrome' ? 'Chromium' : name} ${exact?.uaFullVersion ?? version}`
}

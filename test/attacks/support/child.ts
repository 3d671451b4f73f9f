import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'
import '../../support/row-reporter.js'

/** Limits of a child process; exceeding them counts as a successful attack. */
export interface ChildLimits {
  /** V8's heap limit, beyond which the child dies. */
  readonly heapMegabytes: number
  /** Limit of peak resident memory, including buffers and WebAssembly memories. Default: not checked. */
  readonly residentMegabytes?: number
  /** The child is killed after this time. Generous, because machines are noisy and successful attacks take forever. */
  readonly seconds: number
  /** Additional Node flags. Default: none. */
  readonly flags?: readonly string[]
}

/**
 * An attack as one test. `program`, a module in `test/attacks/children/`, runs in a separate process with bounded heap and
 * time, gets `input` as JSON and prints one line of JSON for each attempt: `{ "held": true }`, or `{ "held": false, "why": "…" }`.
 * A process that dies, hangs, prints fewer than `attempts` lines or uses more memory than allowed has not withstood it.
 */
export function testAttack(
  attack: string,
  program: string,
  attempts: number,
  limits: ChildLimits,
  input: unknown = null,
): void {
  it(`${attack}: holds`, { timeout: (limits.seconds + 30) * 1000 }, async ({ task }) => {
    const { lines, ended, peakMegabytes } = await runChild(program, input, limits)
    const failures = lines.filter(({ held }) => !held).map(({ why }) => why ?? 'did not hold')
    const held = lines.length - failures.length
    if (ended !== undefined) failures.push(ended)
    if (lines.length !== attempts) failures.push(`${lines.length} of ${attempts} attempts finished`)
    const { residentMegabytes = Number.POSITIVE_INFINITY } = limits
    if (peakMegabytes > residentMegabytes) {
      failures.push(`${Math.round(peakMegabytes)} MB of resident memory; ${residentMegabytes} are allowed`)
    }
    task.meta.row = {
      attack,
      tried: attempts,
      held: failures.length > 0 ? Math.min(held, attempts - 1) : held,
    }
    if (failures.length > 0) throw new Error(failures.slice(0, 10).join('\n'))
  })
}

/** One attack for each of `inputs`, which also name them. */
export function testAttacks(
  kind: string,
  program: string,
  attempts: number,
  limits: ChildLimits,
  inputs: readonly string[],
): void {
  describe(kind, () => {
    for (const input of inputs) testAttack(`${kind}: ${input}`, program, attempts, limits, input)
  })
}

interface Line {
  readonly held: boolean
  readonly why?: string
}

async function runChild(
  program: string,
  input: unknown,
  { heapMegabytes, seconds, flags = [] }: ChildLimits,
) {
  const path = fileURLToPath(new URL(`../children/${program}`, import.meta.url))
  const preload = new URL('./report-peak.mjs', import.meta.url).href
  const args = [
    ...flags,
    `--max-old-space-size=${heapMegabytes}`,
    '--import',
    'tsx',
    '--import',
    preload,
    path,
  ]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] })
  let printed = ''
  let errors = ''
  let peak = ''
  child.stdout!.on('data', (chunk) => {
    printed += chunk
  })
  child.stderr!.on('data', (chunk) => {
    errors = (errors + chunk).slice(-2000)
  })
  child.stdio[3]!.on('data', (chunk: Buffer) => {
    peak += chunk
  })
  child.stdin!.on('error', () => {}) // a child that dies before it has read its input
  child.stdin!.end(JSON.stringify(input))
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
  const [code, signal] = await once(child, 'close')
  clearTimeout(timer)
  const lines: Line[] = printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  const ended =
    code === 0
      ? undefined
      : signal === 'SIGKILL'
        ? `killed after ${seconds} s`
        : `exit ${code ?? signal}: ${errors.trim()}`
  return { lines, ended, peakMegabytes: Number(peak) / 1024 }
}

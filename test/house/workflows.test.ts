/** The files of .github/ parse, and what they run exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { scripts, engines } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  scripts: Record<string, string>
  engines: { node: string }
}

const files = readdirSync(`${root}.github`, { recursive: true, encoding: 'utf8' })
  .map((name) => `.github/${name.replaceAll('\\', '/')}`)
  .filter((name) => name.endsWith('.yml'))

/** The content of a YAML file. Throws for errors and warnings, such as repeated keys. */
function parsed(path: string) {
  const document = parseDocument(readFileSync(root + path, 'utf8'), { strict: true, uniqueKeys: true })
  const problems = [...document.errors, ...document.warnings]
  if (problems.length > 0) throw problems[0]
  return document.toJS()
}

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly 'runs-on': string
  readonly 'timeout-minutes'?: number
  readonly steps: readonly Step[]
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly (string | number)[]>> }
  readonly permissions?: Readonly<Record<string, string>>
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

it.each(files)('%s parses', (path) => {
  expect(parsed(path)).toBeTypeOf('object')
})

const workflows = files.filter((path) => path.startsWith('.github/workflows/'))

describe.each(workflows)('%s', (path) => {
  const workflow = parsed(path) as Workflow
  const jobs = Object.values(workflow.jobs)
  const steps = jobs.flatMap((job) => job.steps)

  it('may only read, unless a job says otherwise, and ends', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
    for (const job of jobs) expect(job['timeout-minutes']).toBeLessThanOrEqual(180)
  })

  it('uses actions by their version, and checks out without credentials', () => {
    for (const { uses, with: options } of steps) {
      if (uses === undefined) continue
      expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/)
      if (uses.startsWith('actions/checkout@')) expect(options?.['persist-credentials']).toBe(false)
    }
  })

  it('runs scripts and files that exist', () => {
    const commands = steps.flatMap(({ run = '' }) => run.split('\n'))
    expect(commands.filter(Boolean).length).toBeGreaterThan(0)
    for (const command of commands) {
      const [, script] = /^npm run ([\w:-]+)/.exec(command) ?? []
      if (script !== undefined) expect(Object.keys(scripts)).toContain(script)
      const [, project, test] = /^npx vitest run --project (\w+)(?: (\S+))?/.exec(command) ?? []
      if (project !== undefined)
        expect(readFileSync(`${root}vitest.config.ts`, 'utf8')).toContain(`'${project}'`)
      const [file] = /^\.ci\/\S+/.exec(command) ?? [test]
      if (file !== undefined) expect(existsSync(root + file), file).toBe(true)
    }
  })

  it('puts no text of others into a shell', () => {
    for (const { run = '' } of steps) expect(run).not.toMatch(/\$\{\{\s*(?:inputs|github)\b/)
  })
})

describe('the matrix', () => {
  const { jobs } = parsed('.github/workflows/ci.yml') as Workflow

  it('has three systems, every supported version of Node, Bun and Deno', () => {
    const { os, node } = jobs.portable.strategy!.matrix
    expect(os.map((name) => String(name).split('-')[0])).toEqual(['ubuntu', 'windows', 'macos'])
    expect(node).toEqual([20, 22, 24, 26])
    expect(engines.node).toBe(`>=${node[0]}`)
    expect(jobs.runtimes.strategy!.matrix.os).toEqual(os)
    expect(jobs.runtimes.strategy!.matrix.runtime).toEqual(['bun', 'deno'])
  })

  it('has a job that runs every test', () => {
    expect(jobs.all.steps.map(({ run }) => run)).toContain('.ci/run')
  })
})

describe('the release', () => {
  const { on, jobs } = parsed('.github/workflows/release.yml') as Workflow

  it('starts only by hand', () => {
    expect(Object.keys(on)).toEqual(['workflow_dispatch'])
  })

  it('has provenance, which needs an identity, and is tested before', () => {
    const commands = jobs.publish.steps.map(({ run = '' }) => run)
    expect(commands.at(-1)).toMatch(/^npm publish .*--provenance/)
    expect(jobs.publish.permissions).toEqual({ contents: 'read', 'id-token': 'write' })
    expect(commands.findIndex((run) => run.startsWith('npm run test'))).toBeGreaterThan(0)
  })
})

describe('issue forms', () => {
  const forms = files.filter((path) => path.includes('ISSUE_TEMPLATE') && !path.endsWith('config.yml'))

  it.each(forms)('%s has what GitHub requires', (path) => {
    const { name, description, body } = parsed(path)
    expect(name).toBeTypeOf('string')
    expect(description).toBeTypeOf('string')
    const ids = body.map(({ id }: { id: string }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { type, id, attributes } of body) {
      expect(['markdown', 'input', 'textarea', 'dropdown', 'checkboxes']).toContain(type)
      expect(id).toMatch(/^[\w-]+$/)
      expect(attributes.label).toBeTypeOf('string')
    }
  })

  it('ask for what the command line prints about a model', () => {
    expect(forms).toHaveLength(3)
    const asking = forms.filter((path) => readFileSync(root + path, 'utf8').includes('npx dasllama inspect'))
    expect(asking).toHaveLength(2)
  })
})

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** How Node prints an error that a program does not catch. */
function printed(code: string): string {
  const program = `import * as dasllama from 'dasllama'; ${code}`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  return stderr
}

describe('an uncaught error is printed', () => {
  it.each([
    ["await dasllama.loadModel('none.gguf')", 'none.gguf: there is no such file'],
    [
      "await dasllama.loadModel('none.gguf', { threads: 0 })",
      'threads must be a whole number from 1 to 32, not 0',
    ],
    ["await dasllama.loadModel(new TextEncoder().encode('<html>'))", 'bytes: not a model file'],
    ["dasllama.replyFormat({ tools: 'morse' })", 'morse'],
    ['dasllama.cosineSimilarity([1], [1, 2])', 'vectors of different lengths (1 and 2)'],
  ])('in a few readable lines: %s', (code, message) => {
    const lines = printed(code).split('\n')
    // The position, its line of code, a caret and an empty line come before it.
    const at = lines.findIndex((line) => line.startsWith('DasllamaError: ') && line.includes(message))
    expect(at).toBeGreaterThanOrEqual(0)
    expect(at).toBeLessThanOrEqual(4)
    for (const line of lines) expect(line.length).toBeLessThan(500)
    expect(lines.length).toBeLessThan(40)
    expect(lines.join('\n')).not.toContain('hint: undefined')
  })
})

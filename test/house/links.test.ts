/** Links between the pages of the repository lead to files and headings that exist. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Code, in which brackets are not links. */
const CODE = /^(`{3,})[\s\S]*?^\1|(`+)(?!`)[\s\S]*?[^`]\2(?!`)/gm
const LINK = /\]\(([^()\s]+(?:\([^()\s]*\))?)(?: "[^"]*")?\)/g
const HEADING = /^#{1,6} (.+)$/gm

/** GitHub's name of a heading, without the number that it gives to repeated ones. */
function anchorOf(heading: string): string {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`\\]/g, '')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')
}

/** The anchors of a page. */
function anchors(text: string): Set<string> {
  const counts = new Map<string, number>()
  const found = new Set<string>()
  const prose = text.replace(/^(`{3,})[\s\S]*?^\1/gm, '')
  for (const [, heading] of prose.matchAll(HEADING)) {
    const anchor = anchorOf(heading)
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    found.add(count === 0 ? anchor : `${anchor}-${count}`)
  }
  for (const [, id] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) found.add(id)
  return found
}

/** The targets of a page's links. */
function links(text: string): string[] {
  return Array.from(text.replace(CODE, '').matchAll(LINK), ([, target]) => target)
}

/** What is wrong with a link, if anything. `read`: the text of a page, or undefined if there is no such file. */
function problemOf(page: string, target: string): string | undefined {
  if (/^[a-z]+:/i.test(target)) return undefined
  const [path, anchor] = target.split('#')
  const file = path === '' ? page : posix.join(dirname(page), decodeURIComponent(path))
  if (file.startsWith('..') || !existsSync(join(root, file))) return `${page}: ${target}: there is no ${file}`
  if (anchor === undefined) return undefined
  if (!file.endsWith('.md') || statSync(join(root, file)).isDirectory())
    return `${page}: ${target}: not a page`
  const isThere = anchors(readFileSync(join(root, file), 'utf8')).has(anchor)
  return isThere ? undefined : `${page}: ${target}: there is no such heading`
}

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
}).split('\n')
const pages = tracked.filter((path) => path.endsWith('.md') && existsSync(join(root, path)))

describe('links', () => {
  it('of all pages lead somewhere', () => {
    expect(pages.length).toBeGreaterThan(20)
    const found = pages.flatMap((page) =>
      links(readFileSync(join(root, page), 'utf8')).map((target) => ({ page, target })),
    )
    expect(found.length).toBeGreaterThan(100)
    expect(found.map(({ page, target }) => problemOf(page, target)).filter(Boolean)).toEqual([])
  })

  it('lead from the index to every page of the documentation', () => {
    const index = links(readFileSync(join(root, 'docs/README.md'), 'utf8')).map(
      (target) => target.split('#')[0],
    )
    const inDocs = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== 'docs/README.md')
    expect(inDocs.filter((page) => !index.includes(posix.relative('docs', page)))).toEqual([])
  })
})

describe('a link', () => {
  it.each([
    ['`kvType: "q8_0"`, and more', 'kvtype-q8_0-and-more'],
    ['save and restore: a session as bytes', 'save-and-restore-a-session-as-bytes'],
    ['[Names](names.md) of *all*', 'names-of-all'],
  ])('to the heading %j is %j', (heading, anchor) => {
    expect(anchorOf(heading)).toBe(anchor)
  })

  it('to a repeated heading has a number, and headings in code do not count', () => {
    expect([...anchors('# A\n```sh\n# B\n```\n## A\n')]).toEqual(['a', 'a-1'])
  })

  it('is not found in code', () => {
    expect(links('[a](b.md) `[c](d.md)`\n```js\n[e](f.md)\n```\n[g](h.md#i "title")')).toEqual([
      'b.md',
      'h.md#i',
    ])
  })

  it.each(['missing.md', 'README.md#missing', '../outside.md', 'LICENSE#a'])(
    'to %s is reported',
    (target) => {
      expect(problemOf('README.md', target)).toContain(`README.md: ${target}`)
    },
  )
})

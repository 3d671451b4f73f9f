/**
 * Finds words and phrases that this project has replaced (the table is words.mjs): prints place, word and replacement of
 * each, and exits with 1 if there is one.
 *
 *   node scripts/check-words.mjs [path …]     paths begin with these; default: all tracked files
 */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { WORDS } from './words.mjs'

const ROOT = new URL('../', import.meta.url)

const CHECKED = /^(?:(?:src|assembly|test|bench|examples|playground|scripts|docs|models)\/|[^/]+\.md$)/
const TEXT = /\.(?:[cm]?[jt]s|md|c|py|html|gbnf)$/

/** The table, its test, records and other people's texts. */
const EXEMPT =
  /^scripts\/words\.mjs$|^test\/house\/words\.test\.ts$|^bench\/records\/|^THIRD_PARTY_NOTICES\.md$|^test\/chat\/jinja\/(?:recorded|published)\//

/** Sections of Markdown that are generated from records, or quote old names. */
const SKIPPED_SECTIONS =
  /<!-- (\w+):begin -->[\s\S]*?<!-- \1:end -->|^### Renamed$[\s\S]*?(?=^##|$(?![\s\S]))/gm

/** Blocks of Markdown with a program's or a model's output. */
const OUTPUT_BLOCKS = /^```(?:text|console)$[\s\S]*?^```$/gm

const STRING = /(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/.source

/** Prose in code: comments, test titles (also after a table of cases), and the arguments of errors. */
const PROSE = new RegExp(
  [
    String.raw`\/\*[\s\S]*?\*\/|(?:^|\s)\/\/ .*$`,
    String.raw`\b(?:it|test|describe|testKind|testAttack)(?:\.\w+)*(?:<[^>]*>)?\(\s*${STRING}`,
    String.raw`[\])]\)\(\s*${STRING}`,
    String.raw`\bnew \w*Error\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)`,
  ].join('|'),
  'gm',
)

/** Replaces all text outside of the matches of `pattern`, or with `invert` the matches, by spaces; keeps line breaks. */
function blank(text, pattern, { invert = false } = {}) {
  const spaces = (part) => part.replace(/[^\n]/g, ' ')
  if (invert) return text.replace(pattern, spaces)
  let blanked = ''
  let end = 0
  for (const { 0: match, index } of text.matchAll(pattern)) {
    blanked += spaces(text.slice(end, index)) + match
    end = index + match.length
  }
  return blanked + spaces(text.slice(end))
}

/** The text of a file in which words of each scope are searched. */
function scopesOf(path, text) {
  if (path.endsWith('.md')) {
    const shown = blank(blank(text, SKIPPED_SECTIONS, { invert: true }), OUTPUT_BLOCKS, { invert: true })
    return { all: shown, prose: shown }
  }
  return { all: text, prose: /\.(?:[cm]?[jt]s|c)$/.test(path) ? blank(text, PROSE) : text }
}

/** The replaced words in a text: `{ line, word, write }`. */
export function findWords(path, text) {
  if (EXEMPT.test(path)) return []
  const scopes = scopesOf(path, text)
  const found = WORDS.filter(({ files }) => files?.test(path) ?? true).flatMap(
    ({ find, write, scope = 'prose' }) =>
      Array.from(scopes[scope].matchAll(new RegExp(find, `${find.flags}g`)), ({ 0: word, index }) => ({
        line: text.slice(0, index).split('\n').length,
        word,
        write,
      })),
  )
  return found.sort((a, b) => a.line - b.line)
}

/** Every checked file of the repository: `{ path, text }`. */
export function checkedFiles() {
  const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n')
  return tracked
    .filter((path) => CHECKED.test(path) && TEXT.test(path) && !EXEMPT.test(path))
    .map((path) => ({ path, text: readFileSync(new URL(path, ROOT), 'utf8') }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.slice(2)
  const files = checkedFiles().filter(
    ({ path }) => wanted.length === 0 || wanted.some((start) => path.startsWith(start)),
  )
  let count = 0
  for (const { path, text } of files) {
    for (const { line, word, write } of findWords(path, text)) {
      console.log(`${path}:${line}: "${word}": write ${write}`)
      count++
    }
  }
  if (count > 0) {
    console.error(`${count} replaced words in ${files.length} files`)
    process.exitCode = 1
  }
}

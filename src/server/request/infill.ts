import type { InfillFile } from '../../index.js'
import type { Limits } from '../options.js'
import type { CompletionRequest } from './completion.js'
import { Fields } from './fields.js'
import { readWriting } from './writing.js'

/** Fields of editors that change nothing here: limits of time, and how llama.cpp chooses and reports tokens. */
const IGNORED = [
  'samplers',
  'n_indent',
  't_max_prompt_ms',
  't_max_predict_ms',
  'response_fields',
  'n_cache_reuse',
]

/** What llama.cpp's server has instead of the names that it does not know. */
const NAMES = { repository: 'myproject', fileName: 'filename', file: 'tmp' }

/** Reads a request of llama.cpp's `/infill`. Throws `ApiError`. */
export function readInfillRequest(fields: Fields, limits: Limits): CompletionRequest {
  fields.ignore(IGNORED)
  const prefix = fields.require('input_prefix', fields.string('input_prefix'))
  const suffix = fields.require('input_suffix', fields.string('input_suffix'))
  const files = (fields.array('input_extra') ?? []).map((extra, i) =>
    readFile(new Fields(extra, `input_extra[${i}]`)),
  )
  const begun = fields.string('prompt') ?? ''
  const { repository, fileName } = NAMES
  const request = {
    ...readWriting(fields, limits),
    prompts: [prefix + begun],
    gap: { suffix, files, repository, fileName, isCut: true },
    choices: 1,
    echo: false,
    logprobs: undefined,
  }
  fields.end({ ignoreUnknown: limits.ignoreUnknownFields })
  return request
}

function readFile(extra: Fields): InfillFile {
  const text = extra.require('text', extra.string('text'))
  const name = extra.string('filename') ?? NAMES.file
  // When it was read.
  extra.ignore(['time'])
  extra.end()
  return { name, text }
}

import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { type TypedValue, u32 } from '../gguf/typed-value.js'
import { type Folder, isObject, type JsonObject } from './folder.js'

/** llama.cpp's numbers of pooling types, and how the settings of sentence-transformers name them. */
const MODES = [
  { id: 1, flag: 'pooling_mode_mean_tokens', mode: 'mean' },
  { id: 2, flag: 'pooling_mode_cls_token', mode: 'cls' },
  { id: 3, flag: 'pooling_mode_lasttoken', mode: 'lasttoken' },
] as const

/**
 * How the vectors of a text are pooled, if `modules.json` of sentence-transformers says it. Rejects with `UNSUPPORTED` for
 * other kinds of pooling. Source: `_try_set_pooling_type` of conversion/base.py in llama.cpp.
 */
export async function poolingMetadata(
  folder: Folder,
  architecture: string,
  signal?: AbortSignal,
): Promise<readonly (readonly [key: string, value: TypedValue])[]> {
  const modules = await folder.jsonList('modules.json', signal)
  const pooling = modules?.find((module) => isObject(module) && String(module.type).endsWith('Pooling'))
  if (!isObject(pooling)) return []
  if (typeof pooling.path !== 'string' || !/^\w[\w-]*$/.test(pooling.path)) {
    throw new DasllamaError(
      'BAD_FORMAT',
      `${folder.shown('modules.json')}: ${describeValue(pooling.path)} is not the name of a folder in it`,
    )
  }
  const settings = await folder.neededJson(`${pooling.path}/config.json`, signal)
  return [[`${architecture}.pooling_type`, u32(typeOf(settings))]]
}

function typeOf(settings: JsonObject): number {
  const found =
    MODES.find(({ flag }) => settings.get(flag) === true) ??
    MODES.find(({ mode }) => settings.get('pooling_mode') === mode)
  if (found) return found.id
  throw new DasllamaError('UNSUPPORTED', `${settings.where}: its pooling is neither mean, cls nor lasttoken`)
}

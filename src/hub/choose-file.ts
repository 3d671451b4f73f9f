import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { LIMITS } from '../gguf/limits.js'
import { nearest } from '../nearest.js'
import type { RepositoryFile } from './repository.js'

/** Wanted if a name does not say which, in this order; as in llama.cpp. */
const DEFAULT_FILE_TYPES = ['Q4_K_M', 'Q8_0']
/** How many files an error lists. */
const MOST_LISTED = 20

/** Files beside a model that are not models: projectors, importance matrices, drafts. */
const EXTRAS = /mmproj|imatrix|mtp-|eagle3-|dflash-|dspark-/i
const PART = /-(\d{5})-of-(\d{5})\.gguf$/i

/**
 * The file of a repository that a name means which leaves it open: the one of the wanted type, otherwise Q4_K_M, Q8_0 or the
 * first model. Of a split model, its first part. Throws `NOT_FOUND`, listing what there is.
 */
export function chooseFile(
  repository: string,
  paths: readonly string[],
  fileType: string | undefined,
): string {
  const models = paths.filter((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return /\.gguf$/i.test(name) && !EXTRAS.test(name) && Number(PART.exec(name)?.[1] ?? 1) === 1
  })
  for (const wanted of fileType === undefined ? DEFAULT_FILE_TYPES : [fileType]) {
    const pattern = new RegExp(`(?<![A-Za-z0-9])${wanted.replace(/[.-]/g, '\\$&')}[.-]`, 'i')
    const found = models.find((path) => pattern.test(path))
    if (found !== undefined) return found
  }
  const [first] = models
  if (fileType === undefined && first !== undefined) return first
  throw notFound(
    `${repository} has no GGUF file${fileType === undefined ? '' : ` of type ${fileType}`}`,
    models,
  )
}

/** The file of this path. Throws `NOT_FOUND`, listing what there is. */
export function fileAt<File extends Pick<RepositoryFile, 'path'>>(
  repository: string,
  files: readonly File[],
  path: string,
): File {
  const found = files.find((file) => file.path === path)
  if (found) return found
  const paths = files.map((file) => file.path).filter((each) => /\.gguf$/i.test(each))
  const meant = nearest(path, paths)
  throw notFound(
    `${repository} has no file ${describeValue(path)}${meant === undefined ? '' : `; did you mean ${describeValue(meant)}?`}`,
    paths,
  )
}

/** The paths of all parts of a split model, by that of its first; otherwise the path alone. Throws `LIMIT`. */
export function partsOf(path: string): string[] {
  const match = PART.exec(path)
  if (!match || Number(match[1]) !== 1) return [path]
  if (Number(match[2]) > LIMITS.splitParts) {
    throw new DasllamaError(
      'LIMIT',
      `${describeValue(path)}: the model has ${Number(match[2])} parts; the limit is ${LIMITS.splitParts}`,
    )
  }
  const end = path.slice(match.index + '-00001'.length)
  const before = path.slice(0, match.index)
  return Array.from(
    { length: Number(match[2]) },
    (_, i) => `${before}-${String(i + 1).padStart(5, '0')}${end}`,
  )
}

function notFound(message: string, paths: readonly string[]): DasllamaError {
  const listed = paths.slice(0, MOST_LISTED).map((path) => describeValue(path).slice(1, -1))
  const more = paths.length > MOST_LISTED ? ` and ${paths.length - MOST_LISTED} more` : ''
  return new DasllamaError('NOT_FOUND', message, {
    hint: paths.length === 0 ? 'look for a repository with GGUF files' : `it has ${listed.join(', ')}${more}`,
  })
}

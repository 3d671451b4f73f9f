import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'

/** A model on the hub by its name. */
export interface HubName {
  /** `owner/repo`. */
  readonly repository: string
  /** A branch, a tag or a commit. */
  readonly revision: string
  /** The file in the repository; `undefined` if the name leaves it open. */
  readonly path: string | undefined
  /** The file type that is wanted, such as `Q4_K_M`, if the name leaves the file open. */
  readonly fileType: string | undefined
}

const DEFAULT_REVISION = 'main'
const EXAMPLE = 'hf:owner/repo/file.gguf, hf:owner/repo/file.gguf@revision or hf:owner/repo:Q4_K_M'
const LONGEST = 1000

export function isHubName(name: unknown): name is string {
  return typeof name === 'string' && /^hf:/i.test(name)
}

/**
 * Parses `hf:owner/repo/path/to/file.gguf@revision`, `hf:owner/repo` and `hf:owner/repo:Q4_K_M`. Throws `INVALID_ARGUMENT` for
 * anything else, for `..` and for characters that no such name has.
 */
export function parseHubName(name: string): HubName {
  if (name.length > LONGEST) throw malformed(name, `it is longer than ${LONGEST} characters`)
  let rest = name.replace(/^hf:(\/\/)?/i, '')
  const at = rest.lastIndexOf('@')
  const revision = at < 0 ? DEFAULT_REVISION : rest.slice(at + 1)
  if (at >= 0) rest = rest.slice(0, at)
  const parts = rest.split('/')
  const colon = parts.length === 2 ? parts[1].indexOf(':') : -1
  const fileType = colon < 0 ? undefined : parts[1].slice(colon + 1)
  if (colon >= 0) parts[1] = parts[1].slice(0, colon)
  const [owner = '', repo = '', ...path] = parts
  for (const part of [owner, repo]) {
    if (!/^[\w-](?:[\w.-]*[\w-])?$/.test(part))
      throw malformed(name, `${describeValue(part)} is not the name of an owner or a repository`)
  }
  if (fileType !== undefined && !/^[\w.-]+$/.test(fileType)) {
    throw malformed(name, `${describeValue(fileType)} is not the name of a file type`)
  }
  for (const part of path) checkPart(name, part)
  for (const part of revision.split('/')) checkPart(name, part)
  return {
    repository: `${owner}/${repo}`,
    revision,
    path: path.length === 0 ? undefined : path.join('/'),
    fileType,
  }
}

/** The name under which a file is stored. */
export function hubFileName({ repository, revision }: HubName, path: string): string {
  return `hf:${repository}/${path}@${revision}`
}

/** A name that leaves the file open, in one spelling. */
export function openName({ repository, revision, fileType }: HubName): string {
  return `hf:${repository}${fileType === undefined ? '' : `:${fileType.toUpperCase()}`}@${revision}`
}

/** A part of a path or of a revision. */
function checkPart(name: string, part: string): void {
  if (part === '' || part === '.' || part === '..') {
    throw malformed(name, `${describeValue(part)} is not the name of a folder or a file`)
  }
  // Control characters, and what would end a path or has a meaning on some system.
  if (/[\p{C}\p{Zl}\p{Zp}\\?#:*"<>|%@]/u.test(part))
    throw malformed(name, `${describeValue(part)} has a character that is not allowed`)
}

function malformed(name: string, reason: string): DasllamaError {
  return new DasllamaError(
    'INVALID_ARGUMENT',
    `${displayName(name)} is not the name of a model on the hub: ${reason}`,
    {
      hint: `write ${EXAMPLE}`,
    },
  )
}

import { sha256OfText } from './sha256.js'

/** Most characters of a file's name that are kept; file systems allow 255 bytes, suffixes included. */
const MOST_CHARACTERS = 150

/**
 * The name of a stored file, from the name of a model: a hash of what comes before the last slash, and what comes after it, so
 * that the parts of a split model are neighbours for other programs too. `version` is what distinguishes files of the same path.
 */
export function storedFileName(name: string, version = ''): string {
  const path = name.replace(/[?#].*$/, '')
  const slash = path.lastIndexOf('/')
  const fileName = path.slice(slash + 1)
  // A query may select the file, as in `download?id=7`.
  const folder = `${path.slice(0, slash)}\n${version}\n${name.slice(path.length)}`
  return `${sha256OfText(folder).slice(0, 12)}-${safe(fileName)}`
}

function safe(fileName: string): string {
  const plain = fileName.replace(/[^A-Za-z0-9._-]/g, '_').replace(/\.+$/, '_')
  if (plain.length <= MOST_CHARACTERS && plain === fileName) return plain
  // What was replaced or cut must still distinguish files, except for the parts of a split model, whose numbers are at the end.
  const whole = fileName.replace(/-\d{5}(-of-\d{5}\.gguf)$/i, '$1')
  return `${sha256OfText(whole).slice(0, 8)}-${plain.slice(-MOST_CHARACTERS)}`
}

/** The built page: scripts/control-page.mjs makes it of `browser/`. */
declare module '*/control-page.js' {
  /** The whole document. */
  export const html: string
  /** Its Content-Security-Policy, which allows the document's own script and style by their hashes. */
  export const policy: string
}

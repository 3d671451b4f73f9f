/** The programs of threads, each in one file of dist/: their sources by name. */
export const PROGRAMS: Readonly<Record<string, string>>
export function bundleAll(outdir: string): Promise<void>

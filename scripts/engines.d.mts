export interface Engine {
  readonly program: 'node' | 'bun' | 'deno'
  readonly version: string
  readonly path: string
}
export const canFetch: boolean
export function findEngines(): Promise<Engine[]>

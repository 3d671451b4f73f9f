/** The Worker's bindings and variables, as wrangler.jsonc names them: the parts of Cloudflare's interfaces that are used here. */
export interface Bindings {
  /** The name of the model's file. */
  readonly MODEL: string
  /** The template of chats, for a model whose file has none. */
  readonly TEMPLATE?: string
  /** A secret that requests must have as `authorization: Bearer …`. Without it, anyone may ask. */
  readonly API_KEY?: string
  readonly CHAT: DurableObjectNamespace
  readonly MODELS_R2?: R2Bucket
  readonly MODELS_KV?: KVNamespace
  readonly ASSETS?: { fetch(url: string): Promise<Response> }
}

export interface DurableObjectNamespace {
  idFromName(name: string): object
  get(id: object): { fetch(request: Request): Promise<Response> }
}

export interface R2Bucket {
  head(key: string): Promise<{ readonly size: number; readonly etag: string } | null>
  get(
    key: string,
    options: {
      readonly range: { readonly offset: number; readonly length: number }
      readonly onlyIf: { readonly etagMatches: string }
    },
  ): Promise<{ readonly body?: ReadableStream<Uint8Array> } | null>
}

export interface KVNamespace {
  get(key: string, type: 'arrayBuffer'): Promise<ArrayBuffer | null>
}

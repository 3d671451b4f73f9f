/** See the program. */
export function converse(
  entries: { dasllama: object; aiSdk: object; langchain: object; promptApi: object },
  source: string,
  options?: object,
): Promise<Record<string, unknown> & { story: string; chained: string }>

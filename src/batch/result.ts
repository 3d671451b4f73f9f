/** What a line of results has instead of a response. */
export interface ResultError {
  /** For programs to branch on. */
  readonly code: string
  readonly message: string
  /** The line of the input file, if it is not a request. */
  readonly line?: number
}

/** An HTTP response. Its body is what the endpoint returned, which is an error for a status of 400 and above. */
export interface ResultResponse {
  readonly status_code: number
  /** The header `x-request-id`. */
  readonly request_id: string | null
  readonly body: unknown
}

/** The result of one request of a batch. */
export interface Result {
  readonly customId: string | null
  readonly response?: ResultResponse
  readonly error?: ResultError
}

/** The line of a result file, as in OpenAI's, without a line break. `index`: of the request, from 0. */
export function resultLine(batch: string, index: number, { customId, response, error }: Result): string {
  return JSON.stringify({
    id: `${batch.replace(/^batch_/, 'batch_req_')}_${index}`,
    custom_id: customId,
    response: response ?? null,
    error: error ?? null,
  })
}

/** Whether the request was answered with success. */
export function isSuccess({ response }: Result): boolean {
  return response !== undefined && response.status_code < 400
}

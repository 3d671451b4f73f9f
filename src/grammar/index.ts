/** Response formats, and what a schema specifies but does not enforce. */
export type { ResponseFormat } from './format.js'
export type { ToolParameters, ToolSchemaReport } from './response-format.js'
export { inspectResponseFormat, inspectToolSchemas } from './response-format.js'
export type { SchemaNotice } from './schema/notices.js'

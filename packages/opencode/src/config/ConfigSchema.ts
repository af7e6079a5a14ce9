/**
 * The JSON Schema of `errand.jsonc`, for editors: made from the schema that the plugin itself reads the file with.
 */
import { Schema } from "effect"
import { PluginSettings } from "./PluginSettings.ts"

const members = Schema.Struct({ properties: Schema.Record(Schema.String, Schema.Json) })

/** The schema as a JSON value: every setting with its description and default, none of them required. */
export const jsonSchema = (): object => {
  const { schema } = Schema.toJsonSchemaDocument(PluginSettings, { onExcessProperty: "error" })
  const { properties } = Schema.decodeUnknownSync(members)(schema)
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Errand",
    description: "Settings of the OpenCode plugin opencode-errand.",
    type: "object",
    properties: { $schema: { type: "string", description: "The address of this schema." }, ...properties },
    additionalProperties: false
  }
}

/**
 * What a plugin brings along when it is imported.
 */
import { Schema } from "effect"

export const Weight = Schema.Struct({ files: Schema.Finite, bytes: Schema.Finite })
export type Weight = typeof Weight.Type

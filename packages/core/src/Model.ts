/**
 * The name of a language model, as hosts and settings write it: `provider/model`.
 *
 * A provider's own model ids may contain slashes (`openrouter/anthropic/claude-opus-4-5`), so only the first slash
 * divides.
 */
import { Option, Schema } from "effect"

export const Model = Schema.Struct({
  /** The provider, for example `anthropic`. */
  provider: Schema.String,
  /** The model's id at that provider, for example `claude-opus-4-5`. */
  id: Schema.String
})
export type Model = typeof Model.Type

/** `provider/model` as a model; none when a part is missing. */
export const parse = (text: string): Option.Option<Model> => {
  const slash = text.indexOf("/")
  const provider = text.slice(0, slash).trim()
  const id = text.slice(slash + 1).trim()
  return slash < 0 || provider === "" || id === "" ? Option.none() : Option.some({ provider, id })
}

/** A model as `provider/model`. */
export const format = (model: Model): string => `${model.provider}/${model.id}`

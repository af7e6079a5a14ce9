/**
 * Who speaks in a session, by what OpenCode says of a message. Pure.
 *
 * A notice is sent in the parent's voice, so what cannot be used is left out: with half a model in it OpenCode would
 * refuse every notice from then on.
 */
import type { Model } from "@errand/core"
import { Option, Schema } from "effect"
import { ModelRef } from "./wire.ts"

/** Who answers in a session. */
export interface Voice {
  readonly agent?: string | undefined
  readonly model?: Model.Model | undefined
  readonly variant?: string | undefined
}

const textOf = Schema.decodeUnknownOption(Schema.NonEmptyString)
const modelOf = Schema.decodeUnknownOption(ModelRef)
const variantOf = Schema.decodeUnknownOption(Schema.Struct({ variant: Schema.NonEmptyString }))

/** The voice of a message, whatever it says of it. Stored messages have their variant in the model, new ones beside it. */
export const voiceOf = (
  { agent, model, variant }: { readonly agent?: unknown; readonly model?: unknown; readonly variant?: unknown }
): Voice => ({
  agent: Option.getOrUndefined(textOf(agent)),
  model: Option.getOrUndefined(
    modelOf(model).pipe(
      Option.filter(({ modelID, providerID }) => modelID !== "" && providerID !== ""),
      Option.map(({ modelID, providerID }) => ({ provider: providerID, id: modelID }))
    )
  ),
  variant: textOf(variant).pipe(
    Option.orElse(() => Option.map(variantOf(model), ({ variant }) => variant)),
    Option.getOrUndefined
  )
})

/** Whether nothing is known of who it is. */
export const isNobody = ({ agent, model }: Voice): boolean => agent === undefined && model === undefined

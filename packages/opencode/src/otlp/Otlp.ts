/**
 * Whether traces and metrics are sent anywhere, and where. What sends them is in `OtlpExport`, which is loaded only when it is
 * wanted: nobody else pays for it.
 */
import type { Journal, Limits, Notices } from "@errand/core"
import { Effect, Layer, Option } from "effect"
import { Client } from "../host/Client.ts"
import { shown } from "../text/inline.ts"

export type Environment = Readonly<Record<string, string | undefined>>

/** Where to send things, and what is wrong with what was said about that. */
export interface Target {
  readonly endpoint: Option.Option<string>
  readonly problem?: string
}

const nowhere: Target = { endpoint: Option.none() }

/** The setting goes before the environment. Pure. */
export const targetOf = (otlp: string, env: Environment): Target => {
  if (otlp === "off" || env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return nowhere
  if (otlp !== "") return { endpoint: Option.some(otlp) }
  const fromEnv = env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? ""
  if (fromEnv === "") return nowhere
  return /^https?:\/\/./.test(fromEnv) && URL.canParse(fromEnv)
    ? { endpoint: Option.some(fromEnv) }
    : {
      ...nowhere,
      problem: `OTEL_EXPORTER_OTLP_ENDPOINT is ${shown(fromEnv)}, but must be an address such as `
        + "\"http://127.0.0.1:4318\". No traces and no metrics are sent."
    }
}

export const layer = (
  { otlp }: { readonly otlp: string },
  env: Environment
): Layer.Layer<never, never, Client | Journal.Journal | Limits.Limits | Notices.Notices> => {
  const { endpoint, problem } = targetOf(otlp, env)
  if (problem !== undefined) return warn(problem)
  if (Option.isNone(endpoint)) return Layer.empty
  return Layer.unwrap(
    Effect.tryPromise(() => import("./OtlpExport.ts")).pipe(
      Effect.map(({ layer }) => layer(endpoint.value, otlp !== "", env)),
      Effect.catch(({ cause }) =>
        Effect.succeed(
          warn(`No traces and no metrics are sent: what sends them could not be loaded (${String(cause)}).`)
        )
      )
    )
  )
}

const warn = (message: string): Layer.Layer<never, never, Client> =>
  Layer.effectDiscard(Effect.flatMap(Client, (client) => Effect.forkScoped(Effect.ignore(client.log("warn", message)))))

/**
 * Whether cards are made: only on versions of OpenCode on which somebody looked at them. They rest on how OpenCode draws a
 * tool of its own, which is written down nowhere.
 *
 * Cards that are there already are read as what they stand for in any case: that is no business of this switch.
 */
import { Context, Effect, Layer, Result, Schedule } from "effect"
import { Client } from "../host/Client.ts"
import { untested, versionUnknown } from "../text/card.ts"

/** The versions on which cards were looked at, in its terminal. */
export const tested: ReadonlyArray<string> = ["1.18.33"]

export interface Switch {
  /** Asks OpenCode when it is needed first, so not before OpenCode can answer. Says once in the log why there are none. */
  readonly on: Effect.Effect<boolean>
}

/** Where nobody turns it, it is off. */
export const CardSwitch = Context.Reference<Switch>("opencode-errand/cards/CardSwitch", {
  defaultValue: () => ({ on: Effect.succeed(false) })
})

/** `wanted`: whether anybody wants cards here at all. */
export const layer = (wanted: boolean): Layer.Layer<never, never, Client> =>
  wanted
    ? Layer.effect(
      CardSwitch,
      Effect.map(Effect.flatMap(Client, (client) => Effect.cached(look(client))), (on) => ({ on }))
    )
    : Layer.empty

const look = Effect.fnUntraced(function*(client: Client["Service"]) {
  const version = yield* client.version.pipe(
    Effect.timeout("2 seconds"),
    Effect.retry(Schedule.upTo(Schedule.spaced("500 millis"), { times: 2 })),
    Effect.result
  )
  if (Result.isSuccess(version) && tested.includes(version.success)) return true
  const why = Result.isSuccess(version) ? untested(version.success, tested) : versionUnknown
  yield* Effect.ignore(Effect.timeout(client.log("warn", why), "2 seconds"))
  return false
})

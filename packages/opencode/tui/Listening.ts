/**
 * What the server cannot know and is told: that somebody looks (so that boards are kept), again whenever something points
 * to a server that does not know it, and which questions are on the screen.
 */
import { Rows } from "@errand/view"
import { Effect, Option, Queue, Schema } from "effect"
import { createEffect } from "solid-js"
import * as Channel from "./Channel.ts"
import { type Errands, sceneOf, sessionOnScreen } from "./Errands.ts"
import { boardIn, boardOf, isBusy, rootOf } from "./Families.ts"

const isTask = Schema.is(Schema.Struct({ errand: Schema.Struct({ task: Schema.String }) }))

/** Call it where a Solid owner is. Ends with the plugin. */
export const listen = (errands: Errands): void => {
  const { api } = errands
  const hellos = Effect.runSync(Queue.sliding<string | undefined>(1))
  const asks = Effect.runSync(Queue.unbounded<string>())
  const talking = Effect.runFork(
    Effect.all([Channel.greeter(api, hellos), Channel.witness(api, asks)], { concurrency: "unbounded", discard: true })
  )
  api.lifecycle.onDispose(() => talking.interruptUnsafe())

  const greet = (session = sessionOnScreen(api)) => {
    Effect.runSync(Queue.offer(hellos, session === undefined ? undefined : rootOf(api.state, session)))
  }
  /** A task without a board that tells of it: whoever keeps boards does not know of us. */
  const greetUnlessKept = (session: string) => {
    const board = boardOf(api.state, session)
    const look = { now: errands.ticker.now(), isBusy: isBusy(api.state) }
    if (board === undefined || !Rows.isLive(board) || Rows.isSilent(board, look)) greet(session)
  }
  greet()
  const stops = [
    api.event.on("server.connected", () => greet()),
    api.event.on("session.created", ({ properties: { info } }) => {
      if (isTask(info.metadata)) greetUnlessKept(info.parentID ?? info.id)
    }),
    api.event.on("message.part.updated", ({ properties: { part } }) => {
      if (part.type === "tool" && part.tool === "delegate_task") greetUnlessKept(part.sessionID)
    }),
    api.event.on("session.updated", ({ properties: { info } }) => {
      const tasks = boardIn(info)?.tasks ?? []
      errands.asking.note(info.id, tasks.some(({ asks = [] }) => asks.length > 0))
      for (const { asks: asked = [], depth } of tasks) {
        // OpenCode shows those of the first level itself.
        if (depth > 1) { for (const { id } of asked) Effect.runSync(Queue.offer(asks, id)) }
      }
    })
  ]
  for (const stop of stops) api.lifecycle.onDispose(stop)

  // Whoever comes to a session may have missed its last board: OpenCode reads the session while that is written.
  createEffect(() => {
    const session = sessionOnScreen(api)
    if (session !== undefined) greet(session)
  })

  const scene = sceneOf(errands, () => sessionOnScreen(api))
  createEffect(() => {
    const seen = Option.fromUndefinedOr(scene())
    if (Option.exists(seen, ({ board, look }) => Rows.isSilent(board, look))) greet()
  })
}

/**
 * What becomes of a task's questions: nobody waits for an answer that cannot come.
 *
 * A permission that the session of a task asks for is left to the person, who is told by a toast; where OpenCode shows
 * nobody the prompt (below the first level), or the setting says so, it is refused with a reason that the agent reads.
 * So is one that nobody answered in time. A question to the user is refused: a task has nobody to ask.
 */
import { Journal, Task } from "@errand/core"
import { Effect, FiberMap, Layer, Option, Stream } from "effect"
import { Client } from "./host/Client.ts"
import { permissionText } from "./host/events.ts"
import { Feed } from "./host/Feed.ts"
import type { Event } from "./host/wire.ts"
import type { PluginSettings } from "./PluginSettings.ts"
import { agent, description } from "./text/fields.ts"
import { message } from "./text/inline.ts"

type Settings = Pick<PluginSettings, "permissions" | "permissionWaitMs" | "toasts">

/** Why a request is refused without asking anybody; undefined where a person decides. Pure. */
export const refusal = (settings: Settings, depth: number): string | undefined => {
  if (settings.permissions === "reject") {
    return "Background tasks may not do this here (setting permissions). Go on without it, and say so in your report."
  }
  return depth > 1
    ? "Nobody can be asked: OpenCode does not show the prompts of a task that another task launched. "
      + "Go on without it, and say so in your report."
    : undefined
}

const tooLate = "Nobody answered in time. Go on without it, and say so in your report."

export const layer = (
  settings: Settings
): Layer.Layer<never, never, Client | Feed | Journal.Journal> => Layer.effectDiscard(attend(settings))

const attend = Effect.fnUntraced(function*(settings: Settings) {
  const client = yield* Client
  const feed = yield* Feed
  const journal = yield* Journal.Journal
  const waiting = yield* FiberMap.make<string>()

  const reject = (id: string, message: string) => Effect.ignore(client.rejectPermission(id, message))

  const toast = (text: string) =>
    settings.toasts ? Effect.ignore(Effect.timeout(client.toast(text, "warning"), "2 seconds")) : Effect.void

  const askPerson = Effect.fnUntraced(function*(id: string, what: string, task: Task.Task) {
    yield* toast(`▲ ${description(task)} (@${agent(task)}) asks: ${message(what)}`)
    if (settings.permissionWaitMs === 0) return
    yield* Effect.sleep(settings.permissionWaitMs)
    yield* reject(id, tooLate)
  })

  const hear = Effect.fnUntraced(function*({ properties, type }: Event) {
    switch (type) {
      case "permission.asked": {
        const task = yield* journal.bySession(Task.SessionId.make(properties.sessionID))
        if (Option.isNone(task)) return
        const reason = refusal(settings, Task.depth(task.value))
        const what = permissionText(properties.permission, properties.patterns)
        yield* FiberMap.run(
          waiting,
          properties.id,
          reason === undefined ? askPerson(properties.id, what, task.value) : reject(properties.id, reason)
        )
        return
      }
      case "permission.replied": {
        const id = properties.requestID ?? properties.permissionID
        if (id !== undefined) yield* FiberMap.remove(waiting, id)
        return
      }
      case "question.asked": {
        const task = yield* journal.bySession(Task.SessionId.make(properties.sessionID))
        if (Option.isSome(task)) {
          yield* FiberMap.run(waiting, properties.id, Effect.ignore(client.rejectQuestion(properties.id)))
        }
        return
      }
      default:
        return
    }
  })
  yield* Stream.runForEach(feed.events, hear).pipe(Effect.forkScoped({ startImmediately: true }))
})

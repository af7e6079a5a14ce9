/**
 * What becomes of a task's questions: nobody waits for an answer that cannot come.
 *
 * A permission that the session of a task asks for is left to the person, who is told by a toast. Below the first level
 * OpenCode shows nobody the prompt: there it is left to the person where our own half of the terminal says that it shows
 * it. Where nobody can be asked, or the setting says so, it is refused with a reason that the agent reads. So is one that
 * nobody answered in time. A question to the user is refused: a task has nobody to ask.
 */
import { Journal, Task } from "@errand/core"
import { Effect, FiberMap, HashMap, HashSet, Latch, Layer, Option, Ref } from "effect"
import * as Command from "./board/Command.ts"
import type { PluginSettings } from "./config/PluginSettings.ts"
import { Client } from "./host/Client.ts"
import { permissionText } from "./host/events.ts"
import { Feed } from "./host/Feed.ts"
import type { Event } from "./host/wire.ts"
import type { Mode } from "./Mode.ts"
import { agent, description } from "./text/fields.ts"
import { message } from "./text/inline.ts"

interface Settings extends Pick<PluginSettings, "permissions" | "permissionWaitMs" | "toasts"> {
  /** Who could be asked. */
  readonly mode: Mode
}

/** Whether OpenCode itself shows a person the prompts of a task at this depth. */
const isShown = (depth: number): boolean => depth <= 1

/** How long a terminal has to say that it shows a prompt which OpenCode does not show (ms). */
export const showWithinMs = 3_000

const notAllowed =
  "Background tasks may not do this here (setting permissions). Go on without it, and say so in your report."

const nobodySees = "Nobody can be asked: OpenCode does not show the prompts of a task that another task launched. "
  + "Go on without it, and say so in your report."

const noScreen = "Nobody can be asked: an editor does not show what a background task asks for. "
  + "Go on without it, and say so in your report."

const nobodyThere = "Nobody can be asked under opencode run. Go on without it, and say so in your report."

const tooLate = "Nobody answered in time. Go on without it, and say so in your report."

export const layer = (
  settings: Settings
): Layer.Layer<never, never, Client | Feed | Journal.Journal> => Layer.effectDiscard(attend(settings))

const attend = Effect.fnUntraced(function*(settings: Settings) {
  const client = yield* Client
  const feed = yield* Feed
  const journal = yield* Journal.Journal
  const waiting = yield* FiberMap.make<string>()
  /** Of the requests that OpenCode does not show: open once somebody does. */
  const screens = yield* Ref.make(HashMap.empty<string, Latch.Latch>())

  const reject = (id: string, message: string) => Effect.ignore(client.rejectPermission(id, message))

  const toast = (text: string) =>
    settings.toasts ? Effect.ignore(Effect.timeout(client.toast(text, "warning"), "2 seconds")) : Effect.void

  /** Where a person answers it: in OpenCode's own prompt, or among our tasks. */
  const askPerson = Effect.fnUntraced(function*(id: string, what: string, task: Task.Task) {
    const where = isShown(Task.depth(task)) ? "" : " · ctrl+x o"
    yield* toast(`▲ ${description(task)} (@${agent(task)}) asks: ${message(what)}${where}`)
    if (settings.permissionWaitMs === 0) return
    yield* Effect.sleep(settings.permissionWaitMs)
    yield* reject(id, tooLate)
  })

  const askDeep = (id: string, what: string, task: Task.Task, screen: Latch.Latch) =>
    Effect.timeoutOption(screen.await, showWithinMs).pipe(
      Effect.flatMap((shown) => Option.isSome(shown) ? askPerson(id, what, task) : reject(id, nobodySees)),
      Effect.ensuring(Ref.update(screens, HashMap.remove(id)))
    )

  /** Somebody says that they show a request. */
  const shown = (request: string) =>
    Effect.flatMap(
      Ref.get(screens),
      (all) => Option.match(HashMap.get(all, request), { onNone: () => Effect.void, onSome: Latch.open })
    )

  const ask = Effect.fnUntraced(function*(id: string, what: string, task: Task.Task) {
    if (settings.permissions === "reject") return reject(id, notAllowed)
    if (settings.mode === "editor") return reject(id, noScreen)
    if (isShown(Task.depth(task))) return askPerson(id, what, task)
    // Before anything else is heard: the word that it is shown may come right behind.
    const screen = yield* Latch.make(false)
    yield* Ref.update(screens, HashMap.set(id, screen))
    return askDeep(id, what, task, screen)
  })

  /** The sessions whose requests `run` answers: those it saw made below its own, and below these. */
  const known = yield* Ref.make(HashSet.empty<string>())
  const seen = Effect.fnUntraced(
    function*({ id, parentID }: { readonly id: string; readonly parentID?: string | null | undefined }) {
      if (parentID === undefined || parentID === null) return
      const isBelowOwn = Option.isNone(yield* journal.bySession(Task.SessionId.make(parentID)))
      if (isBelowOwn || HashSet.has(yield* Ref.get(known), parentID)) yield* Ref.update(known, HashSet.add(id))
    }
  )
  const refuseUnseen = (id: string, session: string) =>
    Effect.flatMap(Ref.get(known), (all) => HashSet.has(all, session) ? Effect.void : reject(id, nobodyThere))

  /** Does something about a request where it is a task's. In the session of one that is over a person goes on by hand. */
  const ofTask = (session: string, todo: (task: Task.Task) => Effect.Effect<unknown>) =>
    Effect.flatMap(
      journal.bySession(Task.SessionId.make(session)),
      (task) =>
        Option.match(Option.filter(task, (task) => !Task.isTerminal(task)), {
          onNone: () => Effect.void,
          onSome: todo
        })
    )

  const hear = ({ properties, type }: Event): Effect.Effect<unknown> | undefined => {
    switch (type) {
      case "permission.asked": {
        const { id, patterns, permission, sessionID } = properties
        if (settings.mode === "run") {
          return ofTask(sessionID, () => FiberMap.run(waiting, id, refuseUnseen(id, sessionID)))
        }
        return ofTask(sessionID, (task) =>
          Effect.flatMap(
            ask(id, permissionText(permission, patterns), task),
            (answered) => FiberMap.run(waiting, id, answered)
          ))
      }
      case "session.created":
        return settings.mode === "run" ? seen(properties.info) : undefined
      case "permission.replied": {
        const id = properties.requestID ?? properties.permissionID
        return id === undefined ? undefined : FiberMap.remove(waiting, id)
      }
      case "tui.command.execute": {
        const command = Option.getOrUndefined(Command.parse(properties.command))
        return command?._tag === "Shown" ? shown(command.request) : undefined
      }
      case "question.asked":
        return ofTask(
          properties.sessionID,
          () => FiberMap.run(waiting, properties.id, Effect.ignore(client.rejectQuestion(properties.id)))
        )
      default:
        return undefined
    }
  }
  yield* feed.listen(hear)
})

/**
 * Faults, planted in the service one at a time: the storm has to find each, or it could not fail.
 */
import { Effect, Layer, Ref } from "effect"
import { AgentHost } from "../src/AgentHost.ts"
import { Limits } from "../src/Limits.ts"
import * as Settings from "../src/Settings.ts"
import { Tasks } from "../src/Tasks.ts"
import type { Service } from "./World.ts"

export interface Planted {
  readonly name: string
  readonly service: Service
  /** The ids of which one is to be found broken. */
  readonly breaks: RegExp
}

const onHost = (change: (host: AgentHost["Service"]) => Effect.Effect<Partial<AgentHost["Service"]>>): Service =>
  Tasks.layerOnJournal.pipe(
    Layer.provide(
      Layer.effect(AgentHost)(Effect.gen(function*() {
        const host = yield* AgentHost
        return AgentHost.of({ ...host, ...(yield* change(host)) })
      }))
    )
  )

const withSettings = (change: Partial<Settings.Settings>): Service =>
  Tasks.layerOnJournal.pipe(
    Layer.provide(
      Layer.effect(Settings.Current)(
        Effect.map(Settings.Current, (settings) => ({ ...settings, ...change }))
      )
    )
  )

const over = (
  change: (services: {
    readonly tasks: Tasks["Service"]
    readonly limits: Limits["Service"]
  }) => {
    readonly tasks?: Partial<Tasks["Service"]>
    readonly limits?: Partial<Limits["Service"]>
  }
): Service => {
  const changed: Layer.Layer<Tasks | Limits, never, Tasks | Limits> = Layer.unwrap(Effect.gen(function*() {
    const tasks = yield* Tasks
    const limits = yield* Limits
    const changes = change({ tasks, limits })
    return Layer.merge(
      Layer.succeed(Tasks, Tasks.of({ ...tasks, ...changes.tasks })),
      Layer.succeed(Limits, Limits.of({ ...limits, ...changes.limits }))
    )
  }))
  return Layer.provideMerge(changed, Tasks.layerOnJournal)
}

/** Every nth time. */
const everyNth = (n: number) =>
  Effect.map(
    Ref.make(0),
    (count) => Effect.map(Ref.updateAndGet(count, (times) => times + 1), (times) => times % n === 0)
  )

export const planted: ReadonlyArray<Planted> = [
  {
    name: "every third notice is lost and reported as told",
    service: onHost((host) =>
      Effect.map(everyNth(3), (isLost) => ({
        notify: (parent, notice) => Effect.flatMap(isLost, (lost) => lost ? Effect.void : host.notify(parent, notice))
      }))
    ),
    breaks: /C1 C3/
  },
  {
    name: "every third notice is told twice",
    service: onHost((host) =>
      Effect.map(everyNth(3), (isTwice) => ({
        notify: (parent, notice) =>
          Effect.flatMap(isTwice, (twice) =>
            Effect.andThen(host.notify(parent, notice), twice ? host.notify(parent, notice) : Effect.void))
      }))
    ),
    breaks: /C2 C4/
  },
  {
    name: "sessions are not aborted",
    service: onHost(() => Effect.succeed({ abort: () => Effect.void })),
    breaks: /E5 no session/
  },
  {
    name: "busy sessions look idle to the poll",
    service: onHost(() => Effect.succeed({ activity: () => Effect.succeed(new Map()) })),
    breaks: /B1/
  },
  {
    name: "a retry looks like an end",
    service: onHost((host) =>
      Effect.succeed({
        transcript: (session, options) =>
          Effect.map(host.transcript(session, options), (messages) =>
            messages.map((message) =>
              message.role === "assistant" ? { ...message, state: "done" as const } : message
            )),
        activity: () => Effect.succeed(new Map())
      })
    ),
    breaks: /B1|D5|E5/
  },
  {
    name: "one slot too many",
    service: withSettings({ defaultConcurrency: 3 }),
    breaks: /A1/
  },
  {
    name: "everything is kept for ever",
    service: withSettings({ retainedTasks: 100_000 }),
    breaks: /D9 only the retained/
  },
  {
    name: "the time limit is off",
    service: withSettings({ taskTtlMs: 0 }),
    breaks: /A4 B10|B1-B12|D6/
  },
  {
    name: "the quiet limit is off",
    service: withSettings({ staleTimeoutMs: 0 }),
    breaks: /B1-B12/
  },
  {
    name: "a pause lets everybody in",
    service: over(() => ({ limits: { pause: Effect.void } })),
    breaks: /paused/
  },
  {
    name: "a cancellation takes a second to begin",
    service: over(({ tasks }) => ({ tasks: { cancel: (id) => Effect.delay(tasks.cancel(id), 1_000) } })),
    breaks: /E1/
  },
  {
    name: "cancelling all forgets what waits in line",
    service: over(({ tasks }) => ({
      tasks: {
        cancelAll: (session) =>
          Effect.flatMap(tasks.list, (all) =>
            Effect.forEach(
              all.filter((task) => task.request.ancestors.includes(session) && task.status === "running"),
              (task) => Effect.orDie(tasks.cancel(task.id))
            ))
      }
    })),
    breaks: /E3/
  },
  {
    name: "one in four who await a task is never answered",
    service: over(({ tasks }) => ({
      tasks: { await: (id, by) => id.endsWith("0") || id.endsWith("4") ? Effect.never : tasks.await(id, by) }
    })),
    breaks: /D6/
  },
  {
    name: "a fiber is left behind by every launch",
    service: over(({ tasks }) => ({
      tasks: { launch: (request) => Effect.tap(tasks.launch(request), () => Effect.forkDetach(Effect.never)) }
    })),
    // Whichever comes first: at rest, or after a shutdown.
    breaks: /D9 (no fiber|nothing outlives)/
  },
  {
    name: "nobody knows their place in line",
    service: over(() => ({ tasks: { place: () => Effect.succeedNone } })),
    breaks: /A4/
  }
]

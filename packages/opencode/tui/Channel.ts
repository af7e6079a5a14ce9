/**
 * What the terminal says to the plugin in the server. OpenCode passes the name of a command on to everybody who listens,
 * whether or not anybody knows it, over the network too.
 */
import type { TuiPluginApi } from "@opencode-ai/plugin/tui"
import { Effect, Queue, Schedule } from "effect"

/** Says one thing. Whoever does not hear it misses a picture, nothing more. */
export const say = ({ client }: Pick<TuiPluginApi, "client">, command: string): Effect.Effect<void> =>
  Effect.ignore(
    Effect.tryPromise((signal) =>
      client.tui.publish({ body: { type: "tui.command.execute", properties: { command } } }, { signal })
    )
  )

/** Somebody looks: boards are kept from now on. */
export const hello = "errand.hello"

/** The question of a task of a task is on the screen: a person will answer it. */
export const shown = (request: string): string => `errand.shown ${request}`

/** A person wants this task to end. */
export const cancel = (task: string): string => `errand.cancel ${task}`

/**
 * Says hello each time that it is asked to, but at most every two seconds: what was asked meanwhile is said once. Runs
 * until it is interrupted.
 */
export const greeter = (api: Pick<TuiPluginApi, "client">, asked: Queue.Dequeue<void>): Effect.Effect<void> =>
  Queue.take(asked).pipe(
    Effect.andThen(say(api, hello)),
    Effect.repeat(Schedule.spaced("2 seconds"))
  )

/** Says of each question once that it is on the screen. Runs until it is interrupted. */
export const witness = (api: Pick<TuiPluginApi, "client">, asks: Queue.Dequeue<string>): Effect.Effect<never> =>
  Effect.gen(function*() {
    const said = new Set<string>()
    while (true) {
      const request = yield* Queue.take(asks)
      if (said.has(request)) continue
      said.add(request)
      yield* say(api, shown(request))
    }
  })

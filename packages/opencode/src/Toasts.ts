/**
 * Short messages in the terminal: the end of a batch, and a task that failed. They are an extra: whatever goes wrong with
 * them touches nothing else.
 */
import { Notices } from "@errand/core"
import { Effect, Layer, Stream } from "effect"
import { Client } from "./host/Client.ts"
import { forPerson } from "./text/notice.ts"

export const layer = (
  settings: { readonly toasts: boolean }
): Layer.Layer<never, never, Client | Notices.Notices> => settings.toasts ? Layer.effectDiscard(show) : Layer.empty

const show = Effect.gen(function*() {
  const client = yield* Client
  const notices = yield* Notices.Notices
  yield* Stream.runForEach(notices.deliveries, ({ notice }) => {
    const failed = notice.tasks.some(({ outcome }) => outcome !== undefined && outcome._tag !== "Completed")
    if (notice.kind === "progress" && !failed) return Effect.void
    return Effect.ignoreCause(
      Effect.timeout(client.toast(forPerson(notice), failed ? "warning" : "success"), "2 seconds")
    )
  }).pipe(Effect.forkScoped({ startImmediately: true }))
})

/**
 * What a host promises of sessions themselves: where they belong, what is left to do in them, and that they are gone.
 */
import { Effect } from "effect"
import { SessionId } from "../../Task.ts"
import { type Check, check } from "./Check.ts"
import { listening, notice, opened, person, prompted } from "./opening.ts"
import { Subject } from "./Subject.ts"

export const sessions: ReadonlyArray<Check> = [
  check(
    "a session that is not there is gone, not an error to try again",
    { capabilities: ["transcript"] },
    (expect) =>
      Effect.gen(function*() {
        const { host, session } = yield* opened(0xa0)
        const other = SessionId.make(`${session}x`)
        const gone = yield* Effect.flip(host.transcript(other, { last: 1 }))
        yield* expect.that(gone._tag === "SessionGone", gone)
      })
  ),

  check(
    "a session knows its parent, and a root has none",
    { capabilities: ["transcript"] },
    (expect) =>
      Effect.gen(function*() {
        const { host, parent, session } = yield* opened(0x120)
        yield* expect.that((yield* host.parentOf(session)) === parent, yield* host.parentOf(session))
        yield* expect.that((yield* host.parentOf(parent)) === undefined, yield* host.parentOf(parent))
      })
  ),

  check(
    "todos that are left are counted, those that are done are not",
    { capabilities: ["todos"], behaviours: ["todo"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { host, session } = yield* prompted(0x130, "todo")
        yield* expect.eventually(host.todos(session), (left) => left === 1)
      }))
  ),

  check(
    "a session that is deleted is told as deleted",
    { person: ["remove"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { session } = yield* opened(0x140)
        const heard = yield* listening
        yield* (yield* person("remove"))(session)
        yield* expect.eventually(heard(session), (all) => all.some(({ _tag }) => _tag === "Deleted"))
      }))
  ),

  check(
    "those below a deleted session are deleted with it, and are told first",
    { person: ["remove"], capabilities: ["continues"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { host, parent, session } = yield* opened(0x150)
        const heard = yield* listening
        yield* (yield* person("remove"))(parent)
        const deleted = Effect.map(
          heard(parent, session),
          (all) => all.filter(({ _tag }) => _tag === "Deleted").map(({ session }) => session)
        )
        const order = yield* expect.eventually(deleted, (all) => all.includes(parent))
        yield* expect.that(order[0] === session, { order, child: session })
        const gone = yield* Effect.flip(host.attach(session))
        yield* expect.that(gone._tag === "SessionGone", gone)
      }))
  ),

  check(
    "a deleted session is gone for all that is said to it and asked of it, and is no error to abort",
    { person: ["remove"], capabilities: ["transcript", "continues", "receipts"], behaviours: ["answer"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const subject = yield* Subject
        const { events, host, session } = yield* prompted(0x160, "answer")
        yield* expect.eventually(events, (all) => all.some(({ _tag }) => _tag === "Idle"))
        yield* host.notify(session, notice("nt_before", false, session))
        yield* expect.eventually(host.received(session, "nt_before"), (received) => received)
        yield* (yield* person("remove"))(session)
        yield* expect.eventually(events, (all) => all.some(({ _tag }) => _tag === "Deleted"))
        const ways = {
          prompt: host.prompt(session, { agent: subject.agent, ...subject.prompt("answer"), mayLaunch: true }),
          attach: host.attach(session),
          transcript: host.transcript(session, { last: 1 }),
          parentOf: host.parentOf(session),
          notify: host.notify(session, notice("nt_gone", true, session))
        }
        for (const [way, effect] of Object.entries(ways)) {
          const gone = yield* Effect.flip<unknown, { readonly _tag: string }, never>(effect)
          yield* expect.that(gone._tag === "SessionGone", { way, gone })
        }
        for (const id of ["nt_gone", "nt_before"]) {
          yield* expect.that(!(yield* host.received(session, id)), `a session that is gone has received ${id}`)
        }
        yield* host.abort(session)
      }))
  )
]

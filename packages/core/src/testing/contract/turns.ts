/**
 * What a host promises of sessions that are prompted: how turns end, and how that is seen.
 */
import { Effect } from "effect"
import type { HostEvent } from "../../AgentHost.ts"
import { agree, signs } from "../Signs.ts"
import { type Check, check } from "./Check.ts"
import { opened, prompt, prompted } from "./opening.ts"
import { Subject } from "./Subject.ts"

const tags = (events: ReadonlyArray<HostEvent>) => events.map(({ _tag }) => _tag)

const finished = (tag: HostEvent["_tag"]) => tag === "Idle" || tag === "Ended"

export const turns: ReadonlyArray<Check> = [
  check("open is idempotent by task id", {}, (expect) =>
    Effect.gen(function*() {
      const { host, request, session } = yield* opened(0x10)
      const again = yield* host.open(request)
      yield* expect.that(again === session, { first: session, again })
    })),

  check(
    "the end of a turn is told by an event",
    { behaviours: ["answer"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { events } = yield* prompted(0x20, "answer")
        yield* expect.eventually(events, (all) => tags(all).some(finished))
      }))
  ),

  check(
    "a failed turn is told by an event, with what went wrong",
    { behaviours: ["fail"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { events } = yield* prompted(0x30, "fail")
        yield* expect.eventually(events, (all) =>
          all.some((event) =>
            (event._tag === "Erred" && event.message !== "") ||
            (event._tag === "Ended" && event.result._tag === "Failed" && event.result.message !== "")
          ))
      }))
  ),

  check(
    "an abort ends a turn that would never end, and may be asked for again",
    { behaviours: ["hang"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const subject = yield* Subject
        const { host, session } = yield* prompted(0x40, "hang")
        yield* subject.pass(500)
        yield* host.abort(session)
        yield* host.abort(session)
        if (host.capabilities.activity) {
          yield* expect.eventually(host.activity([session]), (found) => (found.get(session) ?? "idle") === "idle")
        }
      }))
  ),

  check(
    "a session that works is busy, and one that has answered is not",
    { capabilities: ["activity", "transcript"], behaviours: ["hang", "answer"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { host, session } = yield* prompted(0x50, "hang")
        yield* expect.eventually(host.activity([session]), (found) => found.get(session) === "busy")
        yield* host.abort(session)
        const other = yield* prompted(0x51, "answer")
        yield* expect.eventually(
          other.host.transcript(other.session, { last: 1 }),
          (all) => all.at(-1)?.state === "done"
        )
        yield* expect.eventually(
          host.activity([other.session]),
          (found) => (found.get(other.session) ?? "idle") === "idle"
        )
      }))
  ),

  check(
    "the transcript ends with the answer, after the prompt",
    { capabilities: ["transcript"], behaviours: ["answer"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { host, session } = yield* prompted(0x60, "answer")
        const all = yield* expect.eventually(
          host.transcript(session, { last: 10 }),
          (messages) => messages.at(-1)?.state === "done" && messages.at(-1)?.role === "assistant"
        )
        yield* expect.that(all.at(-1)?.text === "the answer", all.at(-1))
        yield* expect.that(all.at(-2)?.role === "user", all.at(-2))
        const last = yield* host.transcript(session, { last: 1 })
        yield* expect.that(last.length === 1 && last[0]?.id === all.at(-1)?.id, last)
      }))
  ),

  check(
    "an empty answer is an ended message without text",
    { capabilities: ["transcript"], behaviours: ["empty"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { host, session } = yield* prompted(0x70, "empty")
        const all = yield* expect.eventually(
          host.transcript(session, { last: 4 }),
          (messages) => messages.at(-1)?.state === "done" && messages.at(-1)?.role === "assistant"
        )
        yield* expect.that(all.at(-1)?.text === "", all.at(-1))
      }))
  ),

  check(
    "a failed turn leaves a failed message that says why",
    { capabilities: ["transcript"], behaviours: ["fail"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { host, session } = yield* prompted(0x80, "fail")
        yield* expect.eventually(host.transcript(session, { last: 4 }), (messages) => {
          const last = messages.at(-1)
          return last?.state === "failed" && last.error !== undefined && last.error !== ""
        })
      }))
  ),

  check(
    "an aborted turn never looks like an answer",
    { capabilities: ["transcript"], behaviours: ["hang"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { host, session } = yield* prompted(0x90, "hang")
        yield* expect.eventually(host.transcript(session, { last: 4 }), (all) => all.at(-1)?.role === "assistant")
        yield* host.abort(session)
        yield* expect.eventually(
          host.transcript(session, { last: 4 }),
          (all) => all.at(-1)?.state === "aborted" || all.at(-1)?.state === "stopped"
        )
      }))
  ),

  check("a session can be continued after its answer", {
    capabilities: ["continues", "transcript"],
    behaviours: ["answer"]
  }, (expect) =>
    Effect.scoped(Effect.gen(function*() {
      const { host, session } = yield* prompted(0xb0, "answer")
      const answers = Effect.map(
        host.transcript(session, { last: 20 }),
        (all) => all.filter(({ role, state }) => role === "assistant" && state === "done").length
      )
      yield* expect.eventually(answers, (count) => count === 1)
      yield* host.attach(session)
      yield* prompt(session, "answer")
      yield* expect.eventually(answers, (count) => count === 2)
    }))),

  check(
    "a prompt to a session that works is taken up at the end of its turn, once, and it is not idle in between",
    { capabilities: ["transcript"], behaviours: ["slow", "answer"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const subject = yield* Subject
        const { events, host, session } = yield* prompted(0xc0, "slow")
        yield* expect.eventually(subject.turns(session), (turns) => turns === 1)
        yield* prompt(session, "answer")
        const look = Effect.gen(function*() {
          const messages = yield* host.transcript(session, { last: 20 })
          return { signs: signs(yield* events), written: messages.map(({ role, state }) => `${role} ${state}`) }
        })
        const found = yield* expect.eventually(look, ({ signs }) => signs.includes("Idle"))
        yield* expect.that(agree(found.signs, ["works", "ends", "Idle"]), found)
        yield* subject.pass(1_000)
        const later = yield* look
        yield* expect.that(agree(later.signs, ["works", "ends", "Idle"]), later)
        const count = (kind: string) => later.written.filter((one) => one === kind).length
        yield* expect.that(count("user done") === 2 && count("assistant done") === 2, later)
      }))
  )
]

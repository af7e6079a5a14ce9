/**
 * What a host promises of sessions that are told something while they rest, while they work, and while a person speaks.
 */
import { Effect } from "effect"
import { AgentHost } from "../../AgentHost.ts"
import { agree, signs } from "../Signs.ts"
import { type Check, check } from "./Check.ts"
import { listening, notice, person } from "./opening.ts"
import { Subject } from "./Subject.ts"

export const parents: ReadonlyArray<Check> = [
  check(
    "a quiet notice is kept and starts nothing; one that wakes starts a turn",
    { capabilities: ["receipts"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const host = yield* AgentHost
        const subject = yield* Subject
        const parent = yield* subject.root
        const heard = yield* listening
        const before = yield* subject.turns(parent)
        yield* expect.that(!(yield* host.received(parent, "nt_quiet")), "received before it was sent")
        yield* host.notify(parent, notice("nt_quiet", false, parent))
        yield* expect.eventually(host.received(parent, "nt_quiet"), (received) => received)
        yield* subject.pass(1_000)
        const quiet = { turns: yield* subject.turns(parent), signs: signs(yield* heard(parent)) }
        yield* expect.that(quiet.turns === before && !quiet.signs.includes("Idle"), { before, quiet })
        yield* host.notify(parent, notice("nt_final", true, parent))
        yield* expect.eventually(host.received(parent, "nt_final"), (received) => received)
        yield* expect.eventually(subject.turns(parent), (turns) => turns === before + 1)
      }))
  ),

  ...[true, false].map((wakes) =>
    check(
      `a ${
        wakes ? "notice that wakes" : "quiet notice"
      } to a parent that works is taken up at the end of its turn, once`,
      { capabilities: ["receipts", "transcript"], behaviours: ["slow"], person: ["say"] },
      (expect) =>
        Effect.scoped(Effect.gen(function*() {
          const host = yield* AgentHost
          const subject = yield* Subject
          const parent = yield* subject.root
          const heard = yield* listening
          const id = wakes ? "nt_busy_final" : "nt_busy_quiet"
          yield* (yield* person("say"))(parent, "slow")
          yield* expect.eventually(subject.turns(parent), (turns) => turns === 1)
          yield* host.notify(parent, notice(id, wakes, parent))
          const look = Effect.gen(function*() {
            const messages = yield* host.transcript(parent, { last: 20 })
            return {
              signs: signs(yield* heard(parent)),
              turns: yield* subject.turns(parent),
              carry: messages.filter(({ notices }) => notices.includes(id)).length,
              answers: messages.filter(({ role, state }) => role === "assistant" && state === "done").length
            }
          })
          const once = ({ answers, carry, signs, turns }: Effect.Success<typeof look>) =>
            agree(signs, ["works", "ends", "Idle"]) && turns === 2 && carry === 1 && answers === 2
          yield* expect.eventually(look, once)
          yield* subject.pass(1_000)
          const later = yield* look
          yield* expect.that(once(later), later)
          yield* expect.that(yield* host.received(parent, id), "not received")
        }))
    )
  ),

  check(
    "a user message and a notice at the same instant: neither is lost, neither is answered twice",
    { capabilities: ["receipts", "transcript"], behaviours: ["answer"], person: ["say"] },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const host = yield* AgentHost
        const subject = yield* Subject
        const parent = yield* subject.root
        const say = yield* person("say")
        const id = "nt_same_instant"
        yield* Effect.all([say(parent, "answer"), host.notify(parent, notice(id, true, parent))], {
          concurrency: "unbounded",
          discard: true
        })
        const look = Effect.gen(function*() {
          const messages = yield* host.transcript(parent, { last: 20 })
          return {
            carry: messages.filter(({ notices }) => notices.includes(id)).length,
            users: messages.filter(({ role }) => role === "user").length,
            last: messages.at(-1),
            turns: yield* subject.turns(parent)
          }
        })
        // Both may be answered together, or one after the other.
        const well = ({ carry, last, turns, users }: Effect.Success<typeof look>) =>
          carry === 1 && users === 2 && last?.role === "assistant" && last.state === "done" && turns >= 1 && turns <= 2
        yield* expect.eventually(look, well)
        yield* subject.pass(2_000)
        const later = yield* look
        yield* expect.that(well(later), later)
      }))
  )
]

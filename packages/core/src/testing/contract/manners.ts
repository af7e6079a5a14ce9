/**
 * A check for each of the manners: what is told, how the transcript ends, and what the session is doing then.
 *
 * On a host where a manner takes minutes, only its beginning is looked at.
 */
import { Clock, Effect } from "effect"
import type { HostEvent, Message } from "../../AgentHost.ts"
import { type Manner, manners as all, type Shows } from "../Manners.ts"
import { agree, type Sign, signs } from "../Signs.ts"
import { type Check, check, type Expectation } from "./Check.ts"
import { person, prompted } from "./opening.ts"
import { type Person, Subject } from "./Subject.ts"

/** What agents answer where a manner has an answer. */
const answer = "the answer"

const look = Effect.fnUntraced(function*({ events, host, session }: Effect.Success<ReturnType<typeof prompted>>) {
  const heard = yield* events
  const messages = yield* Effect.catchTag(
    host.transcript(session, { last: 20 }),
    "SessionGone",
    () => Effect.succeed("gone" as const)
  )
  const last: Message | "none" | "gone" = messages === "gone" ? messages : messages.at(-1) ?? "none"
  const activity = (yield* host.activity([session])).get(session) ?? "idle"
  const own = messages === "gone" ? [] : messages.filter(({ automatic, role }) => role === "assistant" && !automatic)
  return { signs: signs(heard), last, states: own.map(({ state }) => state), activity, heard }
})

type Found = Effect.Success<ReturnType<typeof look>>

const isAs = (found: Found, { activity, last, signs, states }: Shows): boolean =>
  agree(found.signs, signs) && found.activity === activity && isLast(found.last, last)
  && (states === undefined || found.states.join() === states.join())

const isLast = (found: Message | "none" | "gone", expected: Shows["last"]): boolean => {
  if (typeof found === "string" || typeof expected === "string") return found === expected
  return found.role === expected.role && found.state === expected.state
    && (expected.text === undefined || found.text === expected.text)
    // Nobody can tell a person why it failed if the host does not.
    && (found.state !== "failed" || (found.error ?? "") !== "")
}

/** What a check shows of what it found: without the noise. */
const inShort = ({ activity, last, signs, states }: Found) => ({
  signs,
  activity,
  states,
  last: typeof last === "string" ? last : { role: last.role, state: last.state, text: last.text, error: last.error }
})

/** Does what the manner wants done, when it is due. */
const act = Effect.fnUntraced(function*(
  expect: Expectation,
  { somebody }: Manner,
  { events, host, session }: Effect.Success<ReturnType<typeof prompted>>
) {
  if (somebody === undefined) return
  const subject = yield* Subject
  const heard = yield* expect.eventually(events, (heard) => heard.some(({ _tag }) => _tag === somebody.when))
  yield* expect.eventually(subject.turns(session), (turns) => turns > 0)
  yield* subject.pass(500)
  if (somebody.does === "abort") return yield* host.abort(session)
  if (somebody.does === "remove") return yield* (yield* person("remove"))(session)
  const ask = heard.find(({ _tag }) => _tag === "Asked")
  if (ask?._tag === "Asked") yield* (yield* person("reply"))(session, ask.ask, somebody.does)
})

const whole = Effect.fnUntraced(function*(
  expect: Expectation,
  manner: Manner,
  began: Effect.Success<ReturnType<typeof prompted>>
) {
  const subject = yield* Subject
  const shows = manner.shows(answer)
  yield* act(expect, manner, began)
  if (manner.takes !== undefined) yield* subject.pass(manner.takes)
  const short = Effect.map(look(began), (found) => ({ ...inShort(found), right: isAs(found, shows) }))
  yield* expect.eventually(short, ({ right }) => right)
  // Nothing comes after it.
  yield* subject.pass(1_000)
  const later = yield* short
  yield* expect.that(later.right, later)
})

const startsWith = (heard: ReadonlyArray<Sign>, expected: ReadonlyArray<Sign>) =>
  agree(heard.slice(0, expected.length), expected)

const beginning = Effect.fnUntraced(function*(
  expect: Expectation,
  { activity, retryIn, signs }: NonNullable<Manner["beginning"]>,
  began: Effect.Success<ReturnType<typeof prompted>>
) {
  const found = yield* expect.eventually(
    look(began),
    (found) => startsWith(found.signs, signs) && found.activity === activity
  )
  if (retryIn === undefined) return
  const now = yield* Clock.currentTimeMillis
  const retrying = found.heard.find((event): event is Extract<HostEvent, { _tag: "Retrying" }> =>
    event._tag === "Retrying"
  )
  const wait = (retrying?.nextAt ?? 0) - now
  yield* expect.that(wait <= retryIn.most && wait >= retryIn.least - 20_000, { wait, retryIn })
})

const personOf = ({ somebody }: Manner): ReadonlyArray<keyof Person> => {
  if (somebody === undefined || somebody.does === "abort") return []
  return somebody.does === "remove" ? ["remove"] : ["reply"]
}

export const manners: ReadonlyArray<Check> = all.map((manner, n) =>
  check(
    `${manner.name}: ${manner.what}`,
    { capabilities: ["transcript", "activity"], behaviours: [manner.name], person: personOf(manner) },
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { claims } = yield* Subject
        const began = yield* prompted(0x200 + n, manner.name)
        const short = claims.behaviours[manner.name] === "beginning" ? manner.beginning : undefined
        yield* Effect.ensuring(
          short === undefined ? whole(expect, manner, began) : beginning(expect, short, began),
          Effect.ignore(began.host.abort(began.session))
        )
      }))
  )
)

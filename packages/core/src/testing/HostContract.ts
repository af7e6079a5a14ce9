/**
 * What every `AgentHost` must do, as a suite that each adapter's tests run.
 *
 * An adapter is right when the checks that apply to it pass; those that do not apply, because it does not claim the
 * capability, are named too. The suite knows no test runner: a check is an Effect that fails with `ContractBroken`. The
 * adapter's test gives a `Subject`: how to make the host's agents do this or that, and how time passes.
 *
 *     for (const check of HostContract.checks) it.live(check.name, () => Effect.provide(check.run, subject))
 */
import { Context, Effect, Ref, Schema, Stream } from "effect"
import { AgentHost, type Capabilities, type HostEvent } from "../AgentHost.ts"
import type { Notice } from "../Notice.ts"
import { SessionId, type Task, TaskId } from "../Task.ts"

/** What an agent can be asked to do, whatever the host. */
export type Behaviour =
  /** Answer `the answer`, soon. */
  | "answer"
  /** Never come to an end. */
  | "hang"
  /** End without a word. */
  | "empty"
  /** End in an error of the provider that is not tried again. */
  | "fail"

/** The host under test. */
export class Subject extends Context.Service<Subject, {
  /** A new session of a person's. */
  readonly root: Effect.Effect<SessionId>
  /** An agent that the host has. */
  readonly agent: string
  /** What to say to an agent to have it behave like this. */
  readonly prompt: (behaviour: Behaviour) => string
  /** Lets time pass (ms): the test clock's, or the real one's. */
  readonly pass: (ms: number) => Effect.Effect<void>
  /** How many turns a session has begun. */
  readonly turns: (session: SessionId) => Effect.Effect<number>
}>()("@errand/core/testing/HostContract/Subject") {}

/** A promise of the port that the host does not keep. */
export class ContractBroken extends Schema.TaggedError<ContractBroken>()("ContractBroken", {
  promise: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `the host must keep this promise: ${this.promise}; found: ${this.found}`
  }
}

export interface Check {
  /** The promise. */
  readonly name: string
  /** The capability without which it does not apply. */
  readonly needs: keyof Capabilities | undefined
  readonly run: Effect.Effect<void, ContractBroken, AgentHost | Subject>
}

/** Whether a check applies to a host. */
export const applies = (check: Check, capabilities: Capabilities): boolean =>
  check.needs === undefined || capabilities[check.needs]

const check = <E>(
  name: string,
  needs: keyof Capabilities | undefined,
  run: (expect: Expectation) => Effect.Effect<void, E, AgentHost | Subject>
): Check => ({
  name,
  needs,
  run: Effect.catchCause(
    Effect.suspend(() => run(expectation(name))),
    (cause) => Effect.fail(new ContractBroken({ promise: name, found: String(cause) }))
  )
})

/** How a check says what it found. */
interface Expectation {
  /** Breaks the promise unless the condition holds. */
  readonly that: (condition: boolean, found: unknown) => Effect.Effect<void, ContractBroken>
  /** Looks until what it finds is right, for some seconds at most. */
  readonly eventually: <A, E, R>(
    look: Effect.Effect<A, E, R>,
    isRight: (found: A) => boolean
  ) => Effect.Effect<A, E | ContractBroken, R | Subject>
}

const expectation = (promise: string): Expectation => {
  const broken = (found: unknown) => new ContractBroken({ promise, found: JSON.stringify(found) ?? String(found) })
  return {
    that: (condition, found) => condition ? Effect.void : Effect.fail(broken(found)),
    eventually: (look, isRight) =>
      Effect.gen(function*() {
        const subject = yield* Subject
        for (let tries = 0;; tries++) {
          const found = yield* look
          if (isRight(found)) return found
          if (tries >= patience) return yield* broken(found)
          yield* subject.pass(interval)
        }
      })
  }
}

/** Looks every 50 ms, for 20 s: real hosts start slowly. */
const interval = 50
const patience = 400

/** Task ids for sessions that no task stands behind. */
const fresh = (n: number) => TaskId.make(`bg_${n.toString(16).padStart(8, "0")}`)

const opened = Effect.fnUntraced(function*(n: number) {
  const host = yield* AgentHost
  const { agent, root } = yield* Subject
  const parent = yield* root
  const request = {
    task: fresh(n),
    request: {
      description: "a check of the contract",
      prompt: "",
      agent,
      parent,
      ancestors: [parent] as const,
      background: true
    },
    mayLaunch: true
  }
  return { host, parent, request, session: yield* host.open(request) }
})

/** Opens a session and says something in it, with everything heard from then on. */
const prompted = Effect.fnUntraced(function*(n: number, behaviour: Behaviour) {
  const subject = yield* Subject
  const { host, parent, session } = yield* opened(n)
  const heard = yield* Ref.make<ReadonlyArray<HostEvent>>([])
  yield* Effect.forkScoped(
    Stream.runForEach(host.events, (event) => Ref.update(heard, (all) => [...all, event])),
    { startImmediately: true }
  )
  yield* Effect.yieldNow
  yield* host.prompt(session, { text: subject.prompt(behaviour), agent: subject.agent, mayLaunch: true })
  const events = Effect.map(Ref.get(heard), (all) => all.filter((event) => event.session === session))
  return { host, parent, session, events }
})

const tags = (events: ReadonlyArray<HostEvent>) => events.map(({ _tag }) => _tag)

const finished = (tag: HostEvent["_tag"]) => tag === "Idle" || tag === "Ended"

const notice = (id: string, wakes: boolean, parent: SessionId): Notice => ({
  id,
  kind: wakes ? "final" : "progress",
  wakes,
  remaining: wakes ? 0 : 1,
  tasks: [endedTask(parent)]
})

const endedTask = (parent: SessionId): Task => ({
  id: fresh(1),
  run: 1,
  request: { description: "a check", prompt: "", agent: "any", parent, ancestors: [parent], background: true },
  status: "completed",
  queuedAt: 0,
  startedAt: 0,
  endedAt: 1,
  outcome: { _tag: "Completed", answer: "fine" },
  progress: { toolCalls: 0 }
})

/** Every promise of the port, as far as it can be seen from outside. */
export const checks: ReadonlyArray<Check> = [
  check("open is idempotent by task id", undefined, (expect) =>
    Effect.gen(function*() {
      const { host, request, session } = yield* opened(0x10)
      const again = yield* host.open(request)
      yield* expect.that(again === session, { first: session, again })
    })),

  check("the end of a turn is told by an event", undefined, (expect) =>
    Effect.scoped(Effect.gen(function*() {
      const { events } = yield* prompted(0x20, "answer")
      yield* expect.eventually(events, (all) => tags(all).some(finished))
    }))),

  check(
    "a failed turn is told by an event, with what went wrong",
    undefined,
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
    undefined,
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
    "activity",
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
    "transcript",
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
    "transcript",
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
    "transcript",
    (expect) =>
      Effect.scoped(Effect.gen(function*() {
        const { host, session } = yield* prompted(0x80, "fail")
        yield* expect.eventually(host.transcript(session, { last: 4 }), (messages) => {
          const last = messages.at(-1)
          return last?.state === "failed" && last.error !== undefined && last.error !== ""
        })
      }))
  ),

  check("an aborted turn never looks like an answer", "transcript", (expect) =>
    Effect.scoped(Effect.gen(function*() {
      const { host, session } = yield* prompted(0x90, "hang")
      yield* expect.eventually(host.transcript(session, { last: 4 }), (all) => all.at(-1)?.role === "assistant")
      yield* host.abort(session)
      yield* expect.eventually(
        host.transcript(session, { last: 4 }),
        (all) => all.at(-1)?.state === "aborted" || all.at(-1)?.state === "stopped"
      )
    }))),

  check(
    "a session that is not there is gone, not an error to try again",
    "transcript",
    (expect) =>
      Effect.gen(function*() {
        const { host, session } = yield* opened(0xa0)
        const other = SessionId.make(`${session}x`)
        const gone = yield* Effect.flip(host.transcript(other, { last: 1 }))
        yield* expect.that(gone._tag === "SessionGone", gone)
      })
  ),

  check("a session can be continued after its answer", "continues", (expect) =>
    Effect.scoped(Effect.gen(function*() {
      const subject = yield* Subject
      const { host, session } = yield* prompted(0xb0, "answer")
      const answers = Effect.map(
        host.transcript(session, { last: 20 }),
        (all) => all.filter(({ role, state }) => role === "assistant" && state === "done").length
      )
      yield* expect.eventually(answers, (count) => count === 1)
      yield* host.attach(session)
      yield* host.prompt(session, { text: subject.prompt("answer"), agent: subject.agent, mayLaunch: true })
      yield* expect.eventually(answers, (count) => count === 2)
    }))),

  check(
    "a quiet notice is kept and starts nothing; one that wakes starts a turn",
    "receipts",
    (expect) =>
      Effect.gen(function*() {
        const host = yield* AgentHost
        const subject = yield* Subject
        const parent = yield* subject.root
        const before = yield* subject.turns(parent)
        yield* expect.that(!(yield* host.received(parent, "nt_quiet")), "received before it was sent")
        yield* host.notify(parent, notice("nt_quiet", false, parent))
        yield* expect.eventually(host.received(parent, "nt_quiet"), (received) => received)
        yield* subject.pass(1_000)
        const quiet = yield* subject.turns(parent)
        yield* expect.that(quiet === before, { before, quiet })
        yield* host.notify(parent, notice("nt_final", true, parent))
        yield* expect.eventually(host.received(parent, "nt_final"), (received) => received)
        yield* expect.eventually(subject.turns(parent), (turns) => turns === before + 1)
      })
  )
]

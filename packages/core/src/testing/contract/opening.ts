/**
 * How checks begin: a session is opened, something is said in it, and everything that the host tells is kept.
 */
import { Effect, Ref, Stream } from "effect"
import { AgentHost, type HostEvent } from "../../AgentHost.ts"
import type { Notice } from "../../Notice.ts"
import { type SessionId, type Task, TaskId } from "../../Task.ts"
import { type Behaviour, type Person, Subject } from "./Subject.ts"

/** Task ids for sessions that no task stands behind. */
const fresh = (n: number) => TaskId.make(`bg_${n.toString(16).padStart(8, "0")}`)

/** A new session below a new root; `n` is a number that no other check uses. */
export const opened = Effect.fnUntraced(function*(n: number) {
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

/** Listens from now on; gives what was told about some sessions so far. */
export const listening = Effect.gen(function*() {
  const host = yield* AgentHost
  const heard = yield* Ref.make<ReadonlyArray<HostEvent>>([])
  yield* Effect.forkScoped(
    Stream.runForEach(host.events, (event) => Ref.update(heard, (all) => [...all, event])),
    { startImmediately: true }
  )
  yield* Effect.yieldNow
  return (...sessions: ReadonlyArray<SessionId>) =>
    Effect.map(Ref.get(heard), (all) => all.filter(({ session }) => sessions.includes(session)))
})

/** Says something in a session. */
export const prompt = Effect.fnUntraced(function*(session: SessionId, behaviour: Behaviour) {
  const subject = yield* Subject
  const host = yield* AgentHost
  yield* host.prompt(session, { agent: subject.agent, ...subject.prompt(behaviour), mayLaunch: true })
})

/** Opens a session and says something in it, with everything heard from then on. */
export const prompted = Effect.fnUntraced(function*(n: number, behaviour: Behaviour) {
  const { host, parent, session } = yield* opened(n)
  const heard = yield* listening
  yield* prompt(session, behaviour)
  return { host, parent, session, events: heard(session) }
})

/** What a person does; the check that asks for it says in its needs that it does. */
export const person = <K extends keyof Person>(does: K): Effect.Effect<NonNullable<Person[K]>, never, Subject> =>
  Effect.flatMap(Subject, (subject) => {
    const found: Partial<Person>[K] = subject.person[does]
    return found === undefined ? Effect.die(`nobody can ${does} here`) : Effect.succeed(found)
  })

export const notice = (id: string, wakes: boolean, parent: SessionId): Notice => ({
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

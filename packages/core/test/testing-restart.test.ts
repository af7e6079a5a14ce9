/**
 * The simulated host as a process: it dies in the middle of everything, and comes back; and it answers no where it is told
 * to.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Ref, Stream } from "effect"
import { AgentHost, type HostEvent } from "../src/AgentHost.ts"
import { type SessionId, TaskId } from "../src/Task.ts"
import { type Operation, SimulatedHost, type Step } from "../src/testing/SimulatedHost.ts"
import * as Weather from "../src/testing/Weather.ts"
import { answerOf, endOf, failing, inWorld, pass } from "./support/world.ts"

const scripts: Readonly<Record<string, ReadonlyArray<Step>>> = {
  hang: [{ do: "tool", name: "bash", ms: 1_000_000 }],
  quick: [{ do: "wait", ms: 100 }, { do: "say", text: "quick" }],
  ask: [{ do: "permission", name: "bash", what: "bash", ms: 10 }, { do: "say", text: "allowed" }]
}

const layer = SimulatedHost.layer({ behave: ({ text }) => scripts[text] ?? [] })

const world = Effect.gen(function*() {
  const host = yield* AgentHost
  const simulated = yield* SimulatedHost
  const root = yield* simulated.root("ses_root")
  const open = (n: number) =>
    host.open({
      task: TaskId.make(`bg_0000000${n}`),
      request: { description: "d", prompt: "", agent: "a", parent: root, ancestors: [root], background: true },
      mayLaunch: true
    })
  const prompt = (session: SessionId, text: string) => host.prompt(session, { text, agent: "a", mayLaunch: true })
  return { host, simulated, root, open, prompt }
})

/** Every operation, asked of a session; activity of no session is asked of all. */
const operations = ({ host, open, prompt, root }: Effect.Success<typeof world>, session: SessionId) => ({
  open: open(9),
  attach: host.attach(session),
  prompt: prompt(session, "quick"),
  abort: host.abort(session),
  activity: host.activity([session]),
  transcript: host.transcript(session, { last: 1 }),
  todos: host.todos(session),
  parentOf: host.parentOf(session),
  notify: host.notify(root, { id: "nt_1", kind: "final", wakes: true, remaining: 0, tasks: [] }),
  received: host.received(root, "nt_1")
} satisfies Readonly<Record<Operation, Effect.Effect<unknown, unknown>>>)

const kindOf = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.map(
    Effect.flip(effect),
    (error) => typeof error === "object" && error !== null && "kind" in error ? error.kind : "?"
  )

describe("a host that restarts", () => {
  it.effect("stops all turns without a word, and leaves their messages unfinished", () =>
    Effect.gen(function*() {
      const { host, open, prompt, simulated } = yield* world
      const session = yield* open(1)
      yield* prompt(session, "hang")
      yield* pass(1_000)
      const heard = yield* Ref.make<ReadonlyArray<HostEvent>>([])
      yield* Effect.forkScoped(
        Stream.runForEach(Stream.orElseSucceed(host.events, () => ({ _tag: "Idle", session } as const)), (event) =>
          Ref.update(heard, (all) => [...all, event])),
        { startImmediately: true }
      )
      yield* simulated.restart(5_000)
      yield* pass(10_000)
      // The feed broke off (told here as idle), and nothing else was heard.
      assert.strictEqual((yield* Ref.get(heard)).length, 1)
      assert.strictEqual((yield* host.activity([session])).get(session), undefined)
      const last = (yield* host.transcript(session, { last: 1 })).at(-1)
      assert.deepStrictEqual([
        last?.state,
        last?.tools.map(({ state }) =>
          state
        )
      ], ["open", ["running"]])
      assert.deepStrictEqual(yield* simulated.working, [])
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("is out of reach for every call until it is back, and has its sessions then", () =>
    Effect.gen(function*() {
      const all = yield* world
      const session = yield* all.open(1)
      yield* all.prompt(session, "quick")
      yield* pass(1_000)
      yield* all.simulated.restart(5_000)
      yield* pass(4_999)
      for (const [name, effect] of Object.entries(operations(all, session))) {
        assert.strictEqual(yield* kindOf(effect), "unreachable", name)
      }
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Stream.runDrain(all.host.events))))
      yield* pass(1)
      assert.strictEqual(yield* all.open(1), session)
      assert.strictEqual((yield* all.host.transcript(session, { last: 1 })).at(-1)?.text, "quick")
      yield* all.prompt(session, "quick")
      yield* pass(1_000)
      assert.strictEqual((yield* all.host.transcript(session, { last: 9 })).length, 4)
    }).pipe(Effect.provide(layer)))

  it.effect("ends the calls that wait for it, and what it was about to do or to tell is never done", () =>
    Effect.gen(function*() {
      const { host, open, prompt, simulated } = yield* world
      const session = yield* open(1)
      yield* simulated.faults(failing({ todos: "hang", parentOf: { slow: 2_000 } }))
      yield* simulated.feed(() => [2_000])
      const waiting = yield* Effect.forkChild(kindOf(host.todos(session)))
      const slow = yield* Effect.forkChild(kindOf(host.parentOf(session)))
      const heard = yield* Ref.make(0)
      yield* prompt(session, "quick")
      yield* pass(1_000)
      yield* simulated.restart(10)
      yield* pass(100)
      yield* Effect.forkScoped(Stream.runForEach(host.events, () => Ref.update(heard, (n) => n + 1)), {
        startImmediately: true
      })
      assert.deepStrictEqual([yield* Fiber.join(waiting), yield* Fiber.join(slow)], ["unreachable", "unreachable"])
      yield* pass(60_000)
      assert.strictEqual(yield* Ref.get(heard), 0)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  inWorld("a task whose host restarts ends with a reason, and its parent is told once (A1, B5, C1)", {
    scripts: { work: [{ do: "wait", ms: 60_000 }, { do: "say", text: "never" }] }
  }, ({ atRest, end, host, launch, told }) =>
    Effect.gen(function*() {
      const task = yield* launch("work")
      yield* pass(10_000)
      yield* host.restart(20_000)
      yield* pass("1 hour")
      assert.strictEqual(yield* end(task), "no-answer")
      assert.deepStrictEqual(yield* told(), ["final: no-answer"])
      yield* atRest
    }))
})

describe("a call that is refused", () => {
  it.effect("is answered with no, by every operation, and nothing is done", () =>
    Effect.gen(function*() {
      const all = yield* world
      const session = yield* all.open(1)
      yield* all.simulated.faults(() => "refuse")
      for (const [name, effect] of Object.entries(operations(all, session))) {
        assert.strictEqual(yield* kindOf(effect), "refused", name)
      }
      yield* pass(1_000)
      assert.deepStrictEqual(yield* all.simulated.turns(session), [])
      assert.deepStrictEqual(yield* all.simulated.notices(all.root), [])
      assert.strictEqual((yield* all.simulated.sessions).length, 2)
    }).pipe(Effect.provide(layer)))
})

describe("weather", () => {
  it.effect("decides calls and events at once, until it is fair again", () =>
    Effect.gen(function*() {
      const { host, open, prompt, simulated } = yield* world
      const session = yield* open(1)
      const heard = yield* Ref.make(0)
      yield* Effect.forkScoped(Stream.runForEach(host.events, () => Ref.update(heard, (n) => n + 1)), {
        startImmediately: true
      })
      yield* simulated.weather({ fault: ({ operation }) => operation === "todos" ? "fail" : "ok", deliver: () => [] })
      yield* prompt(session, "quick")
      yield* pass(1_000)
      assert.strictEqual(yield* Ref.get(heard), 0)
      assert.strictEqual(yield* kindOf(host.todos(session)), "unreachable")
      yield* simulated.weather(Weather.make(1, 0))
      yield* prompt(session, "quick")
      yield* pass(1_000)
      assert.isAbove(yield* Ref.get(heard), 2)
      assert.strictEqual(yield* host.todos(session), 0)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  for (const seed of Array.from({ length: 20 }, (_, n) => n + 1)) {
    inWorld(`of seed ${seed}: every task comes to an end, and is in exactly one last word (A1, C1, C2, C3)`, {
      settings: { defaultConcurrency: 2 }
    }, ({ atRest, host, launch, parent, tasks }) =>
      Effect.gen(function*() {
        // In fair weather: a launch asks the host too, and comes to nothing without an answer.
        for (const prompt of ["a", "b", "c", "d"]) yield* launch(prompt)
        yield* host.weather(Weather.make(seed, 0.3))
        yield* pass("1 hour")
        yield* host.weather(Weather.make(seed, 0))
        yield* pass("1 hour")
        const all = yield* tasks.list
        assert.strictEqual(all.length, 4)
        const told = (yield* host.notices(parent)).filter(({ wakes }) => wakes)
          .flatMap(({ tasks }) => tasks.map(({ id }) => id))
        assert.deepStrictEqual(told.toSorted(), all.map(({ id }) => id).toSorted())
        for (const task of all) {
          if (endOf(task) === "completed") assert.strictEqual(answerOf(task), `done: ${task.request.prompt}`)
        }
        yield* atRest
      }))
  }
})

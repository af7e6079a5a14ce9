/**
 * G2: nobody waits for an answer that cannot come, and whoever can be asked is.
 */
import { assert, describe, it } from "@effect/vitest"
import { Journal, Task } from "@errand/core"
import { Effect, Layer, Ref } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../src/host/Client.ts"
import * as Feed from "../src/host/Feed.ts"
import * as Permissions from "../src/Permissions.ts"

interface Seen {
  readonly pour: (type: string, properties: object) => void
  readonly rejected: Effect.Effect<ReadonlyArray<readonly [id: string, message: string]>>
  readonly toasts: Effect.Effect<ReadonlyArray<string>>
}

/** A task in `ses_child`, one of its own in `ses_deep`, and one in `ses_over` that has ended. */
const world = Effect.fnUntraced(function*<A, E>(
  settings: Partial<Parameters<typeof Permissions.layer>[0]>,
  use: (seen: Seen) => Effect.Effect<A, E>
) {
  const feed = Feed.make()
  const rejected = yield* Ref.make<ReadonlyArray<readonly [string, string]>>([])
  const toasts = yield* Ref.make<ReadonlyArray<string>>([])
  const client = Layer.mock(Client)({
    rejectPermission: (id, message) => Ref.update(rejected, (all) => [...all, [id, message] as const]),
    toast: (message) => Ref.update(toasts, (all) => [...all, message])
  })
  const family = Layer.effectDiscard(Effect.gen(function*() {
    const journal = yield* Journal.Journal
    const add = Effect.fnUntraced(
      function*(n: number, session: string, ancestors: readonly [string, ...Array<string>]) {
        const id = Task.TaskId.make(`bg_0000000${n}`)
        const [parent, ...above] = ancestors.map((name) => Task.SessionId.make(name))
        if (parent === undefined) return
        yield* journal.append({
          _tag: "Queued",
          id,
          run: 1,
          at: 0,
          request: {
            description: `Errand ${n}`,
            prompt: "-",
            agent: "general",
            parent,
            ancestors: [parent, ...above],
            background: true
          }
        })
        yield* journal.append({ _tag: "Started", id, run: 1, at: 0 })
        yield* journal.append({ _tag: "Opened", id, run: 1, at: 0, session: Task.SessionId.make(session) })
      }
    )
    yield* add(3, "ses_over", ["ses_root"])
    yield* journal.append({
      _tag: "Ended",
      id: Task.TaskId.make("bg_00000003"),
      run: 1,
      at: 0,
      outcome: { _tag: "Completed", answer: "done" },
      progress: { toolCalls: 0 }
    })
    yield* add(1, "ses_child", ["ses_root"])
    yield* add(2, "ses_deep", ["ses_child", "ses_root"])
  }))
  const layer = Permissions.layer({
    permissions: "ask",
    permissionWaitMs: 60_000,
    toasts: true,
    mode: "terminal",
    ...settings
  }).pipe(
    Layer.provideMerge(family),
    Layer.provide(Journal.Journal.layer),
    Layer.provide(feed.layer),
    Layer.provide(client)
  )
  return yield* Effect.provide(
    use({
      pour: (type, properties) => feed.pour({ type, properties }),
      rejected: Ref.get(rejected),
      toasts: Ref.get(toasts)
    }),
    layer
  )
})

const asked = (sessionID: string, id = "per_1") => ({ sessionID, id, permission: "bash", patterns: ["npm test"] })

describe("what is asked for in the session of a task that is over, in which a person goes on", () => {
  for (const permissions of ["ask", "reject"] as const) {
    it.effect(`is between OpenCode and that person (permissions: ${permissions})`, () =>
      world({ permissions }, ({ pour, rejected, toasts }) =>
        Effect.gen(function*() {
          pour("permission.asked", asked("ses_over"))
          pour("question.asked", { sessionID: "ses_over", id: "que_1" })
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual([yield* rejected, yield* toasts], [[], []])
        })))
  }
})

describe("what a task of a task asks for", () => {
  it.effect("is refused after three seconds in which nobody said that it is shown (G2)", () =>
    world({}, ({ pour, rejected, toasts }) =>
      Effect.gen(function*() {
        pour("permission.asked", asked("ses_deep"))
        pour("tui.command.execute", { command: "errand.shown per_other" })
        pour("tui.command.execute", { command: "errand.hello" })
        yield* TestClock.adjust(Permissions.showWithinMs - 1)
        assert.deepStrictEqual(yield* rejected, [])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual((yield* rejected).map(([id]) => id), ["per_1"])
        assert.match((yield* rejected)[0]?.[1] ?? "", /^Nobody can be asked: .* Go on without it/)
        assert.deepStrictEqual(yield* toasts, [])
      })))

  it.effect("is left to the person to whom it is shown, who has as long as for any other (G2)", () =>
    world({}, ({ pour, rejected, toasts }) =>
      Effect.gen(function*() {
        // In one breath.
        pour("permission.asked", asked("ses_deep"))
        pour("tui.command.execute", { command: "errand.shown per_1" })
        yield* TestClock.adjust(59_999)
        assert.deepStrictEqual(yield* rejected, [])
        assert.deepStrictEqual(yield* toasts, ["▲ Errand 2 (@general) asks: bash \"npm test\" · ctrl+x o"])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* rejected, [[
          "per_1",
          "Nobody answered in time. Go on without it, and say so in your report."
        ]])
      })))

  it.effect("is not refused once it is answered, before it is shown or after (G2)", () =>
    world({}, ({ pour, rejected }) =>
      Effect.gen(function*() {
        pour("permission.asked", asked("ses_deep", "per_1"))
        pour("permission.replied", { sessionID: "ses_deep", requestID: "per_1" })
        pour("permission.asked", asked("ses_deep", "per_2"))
        pour("tui.command.execute", { command: "errand.shown per_2" })
        yield* TestClock.adjust("10 seconds")
        pour("permission.replied", { sessionID: "ses_deep", requestID: "per_2" })
        yield* TestClock.adjust("10 minutes")
        assert.deepStrictEqual(yield* rejected, [])
      })))

  it.effect("is refused at once where no task may ask (G2)", () =>
    world({ permissions: "reject" }, ({ pour, rejected }) =>
      Effect.gen(function*() {
        pour("permission.asked", asked("ses_deep"))
        pour("tui.command.execute", { command: "errand.shown per_1" })
        yield* TestClock.adjust(1)
        assert.match((yield* rejected)[0]?.[1] ?? "", /setting permissions/)
      })))
})

it.effect("a child's prompt is OpenCode's own: nobody has to say that it is shown (G2)", () =>
  world({}, ({ pour, rejected, toasts }) =>
    Effect.gen(function*() {
      pour("permission.asked", asked("ses_child"))
      pour("permission.asked", asked("ses_root", "per_2"))
      yield* TestClock.adjust(59_999)
      assert.deepStrictEqual(yield* rejected, [])
      assert.deepStrictEqual(yield* toasts, ["▲ Errand 1 (@general) asks: bash \"npm test\""])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual((yield* rejected).map(([id]) => id), ["per_1"])
    })))

describe("under `opencode run`, which makes an end of its own to what it sees", () => {
  it.effect("only what `run` does not see is refused: a task from before, and what that launches (G2)", () =>
    world({ mode: "run" }, ({ pour, rejected, toasts }) =>
      Effect.gen(function*() {
        pour("permission.asked", asked("ses_child", "per_1"))
        pour("session.created", { info: { id: "ses_deep", parentID: "ses_child" } })
        pour("permission.asked", asked("ses_deep", "per_2"))
        yield* TestClock.adjust(1)
        assert.deepStrictEqual((yield* rejected).map(([id]) => id), ["per_1", "per_2"])
        assert.match((yield* rejected)[0]?.[1] ?? "", /opencode run/)
        assert.deepStrictEqual(yield* toasts, [])
      })))

  it.effect("what was launched in this process is left to it, and what that launches (G2)", () =>
    world({ mode: "run" }, ({ pour, rejected }) =>
      Effect.gen(function*() {
        pour("session.created", { info: { id: "ses_root" } })
        pour("session.created", { info: { id: "ses_child", parentID: "ses_root" } })
        pour("session.created", { info: { id: "ses_deep", parentID: "ses_child" } })
        pour("permission.asked", asked("ses_child", "per_1"))
        pour("permission.asked", asked("ses_deep", "per_2"))
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(yield* rejected, [])
      })))
})

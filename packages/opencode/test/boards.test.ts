/**
 * When boards are written: only where somebody looks and something has changed, soon, together, and beside what others
 * keep in the same place.
 */
import { assert, describe, it } from "@effect/vitest"
import { AgentHost, Journal, Settings, SharedSlots, Task, Tasks } from "@errand/core"
import { SimulatedHost } from "@errand/core/testing"
import { type Board, Rows, Timeline } from "@errand/view"
import { Effect, Layer, Option, Ref } from "effect"
import { TestClock } from "effect/testing"
import { Audience, wishes } from "../src/board/Audience.ts"
import * as Boards from "../src/board/Boards.ts"
import { boardIn } from "../src/board/metadata.ts"
import { Client } from "../src/host/Client.ts"
import * as Feed from "../src/host/Feed.ts"

interface Write {
  readonly at: number
  readonly session: string
  readonly metadata: Readonly<Record<string, unknown>>
}

interface Options {
  readonly settings?: { readonly board?: boolean; readonly permissions?: "ask" | "reject" }
  readonly problem?: string
  readonly limit?: number
  /** What a session has before anybody writes. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** How many go before whoever waits here, as other processes have it; absent where there are none. */
  readonly ahead?: Effect.Effect<number>
  /** What becomes of the nth write, from 1 on. */
  readonly outcome?: (nth: number, session: string) => Effect.Effect<void, AgentHost.HostError | AgentHost.SessionGone>
}

/** An agent works for as many seconds as it is told to; one that is told no time has a wrong key. */
const behave = ({ text }: { readonly text: string }) =>
  Number(text) === 0
    ? [{ do: "fail" as const, message: "invalid x-api-key (HTTP 401)" }]
    : [{ do: "wait" as const, ms: Number(text) * 1_000 }, { do: "say" as const, text: "done" }]

/** Slots that are all used by other processes. */
const elsewhere = (ahead: Effect.Effect<number>): SharedSlots.SharedSlots => ({
  exchange: (_, wants) =>
    Effect.map(
      ahead,
      (ahead) =>
        new Map(wants.map(({ claim }) => [claim, { pool: "default:@explore", used: 5, elsewhere: 5, size: 5, ahead }]))
    )
})

const world = Effect.fnUntraced(function*<A, E>(
  options: Options,
  use: (tools: Tools) => Effect.Effect<A, E, Journal.Journal | Tasks.Tasks | SimulatedHost.SimulatedHost>
) {
  const feed = Feed.make()
  const writes = yield* Ref.make<ReadonlyArray<Write>>([])
  const tried = yield* Ref.make(0)
  const toasts = yield* Ref.make<ReadonlyArray<string>>([])
  const reads = yield* Ref.make(0)
  const client = Layer.mock(Client)({
    session: (id) => Effect.as(Ref.update(reads, (n) => n + 1), { id, metadata: options.metadata }),
    setMetadata: (session, metadata) =>
      Effect.gen(function*() {
        const nth = yield* Ref.updateAndGet(tried, (n) => n + 1)
        yield* options.outcome?.(nth, session) ?? Effect.void
        const at = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        yield* Ref.update(writes, (all) => [...all, { at, session, metadata }])
      }),
    toast: (message) => Ref.update(toasts, (all) => [...all, message])
  })
  const settings = { board: true, permissions: "ask" as const, ...options.settings }
  const layer = Layer.mergeAll(
    Boards.layer(settings, { directory: "/home/me/project", problem: options.problem }),
    wishes
  ).pipe(
    Layer.provideMerge(Tasks.Tasks.layer),
    Layer.provideMerge(SimulatedHost.SimulatedHost.layer({ behave })),
    Layer.provide(Audience.layer),
    Layer.provide(feed.layer),
    Layer.provide(client),
    Layer.provide(Layer.succeed(SharedSlots.Current, Option.map(Option.fromUndefinedOr(options.ahead), elsewhere))),
    Layer.provide(Layer.succeed(Settings.Current, { ...Settings.defaults, defaultConcurrency: options.limit ?? 5 }))
  )
  const pour = (type: string, properties: object) =>
    // A moment, for those who listen.
    Effect.andThen(Effect.sync(() => feed.pour({ type, properties })), TestClock.adjust(0))
  const tools: Tools = {
    pour,
    say: (command) => pour("tui.command.execute", { command }),
    writes: Ref.get(writes),
    tried: Ref.get(tried),
    toasts: Ref.get(toasts),
    reads: Ref.get(reads),
    board: (session) =>
      Effect.flatMap(
        Ref.get(writes),
        (all) => Effect.fromOption(boardIn(all.findLast((write) => write.session === session)?.metadata))
      )
  }
  return yield* Effect.provide(use(tools), layer)
})

interface Tools {
  readonly pour: (type: string, properties: object) => Effect.Effect<void>
  readonly say: (command: string) => Effect.Effect<void>
  readonly writes: Effect.Effect<ReadonlyArray<Write>>
  readonly tried: Effect.Effect<number>
  readonly toasts: Effect.Effect<ReadonlyArray<string>>
  readonly reads: Effect.Effect<number>
  readonly board: (session: string) => Effect.Effect<Board.Board, unknown>
}

const root = "ses_root"

/** Launches tasks that work for so many seconds each, in one session. */
const launch = Effect.fnUntraced(function*(...seconds: ReadonlyArray<number>) {
  const host = yield* SimulatedHost.SimulatedHost
  const tasks = yield* Tasks.Tasks
  const parent = Task.SessionId.make(root)
  if (!(yield* host.sessions).includes(parent)) yield* host.root(root)
  return yield* Effect.forEach(
    seconds,
    (seconds) => tasks.launch({ description: `Work ${seconds}`, prompt: `${seconds}`, agent: "explore", parent })
  )
})

const sessionOf = (id: string) =>
  Effect.flatMap(
    Tasks.Tasks,
    (tasks) => Effect.flatMap(tasks.get(id), ({ session }) => Effect.fromOption(Option.fromUndefinedOr(session)))
  )

const head = (board: Board.Board) => Rows.headLine(board, { now: board.at })

describe("boards", () => {
  it.effect("nothing is written before somebody looks, however much happens (G6)", () =>
    world({}, ({ reads, say, writes }) =>
      Effect.gen(function*() {
        yield* launch(1, 5, 100)
        yield* TestClock.adjust("60 seconds")
        assert.deepStrictEqual(yield* writes, [])
        yield* say("errand.nonsense")
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(yield* writes, [])
        assert.strictEqual(yield* reads, 0)
        yield* say("errand.hello")
        yield* TestClock.adjust("1 second")
        assert.lengthOf(yield* writes, 1)
      })))

  it.effect("what changes together is written together, within a tenth of a second (G6)", () =>
    world({ limit: 2 }, ({ board, say, writes }) =>
      Effect.gen(function*() {
        yield* say("errand.hello")
        const began = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        yield* launch(100, 100, 100)
        yield* TestClock.adjust("99 millis")
        assert.deepStrictEqual(yield* writes, [])
        yield* TestClock.adjust("1 millis")
        const [only, ...more] = yield* writes
        assert.deepStrictEqual(more, [])
        assert.strictEqual(only?.at, began + 100)
        const seen = yield* board(root)
        assert.strictEqual(head(seen), "2 out · 1 in line")
        assert.deepStrictEqual(seen.pools, [{ name: "default:@explore", used: 2, size: 2, waiting: 1 }])
        assert.strictEqual(Rows.rowsOf(seen, { now: began }).at(-1)?.detail, "1st in line · @explore 2/2")
      })))

  it.effect("the place of one in line is right when those before it come and go, in other families too (G6, G7)", () =>
    world({ limit: 1 }, ({ board, say }) =>
      Effect.gen(function*() {
        const host = yield* SimulatedHost.SimulatedHost
        const tasks = yield* Tasks.Tasks
        yield* say("errand.hello")
        const other = yield* host.root("ses_other")
        const before = yield* tasks.launch({ description: "-", prompt: "100", agent: "explore", parent: other })
        const own = yield* launch(100)
        yield* TestClock.adjust("1 second")
        assert.deepInclude((yield* board(root)).tasks[0], { status: "pending", ahead: 0 })
        const [second] = yield* launch(100)
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual((yield* board(root)).tasks.map(({ ahead }) => ahead), [0, 1])
        yield* tasks.cancel(own[0]?.id ?? "")
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual((yield* board(root)).tasks.map(({ ahead }) => ahead), [0, undefined])
        yield* tasks.cancel(before.id)
        yield* TestClock.adjust("1 second")
        const [first] = (yield* board(root)).tasks
        assert.strictEqual(first?.id, second?.id)
        assert.strictEqual(first?.status, "running")
      })))

  it.effect("the place of one in line is right when only others come and go (G6, G7)", () =>
    world({ limit: 1 }, ({ board, say }) =>
      Effect.gen(function*() {
        const host = yield* SimulatedHost.SimulatedHost
        const tasks = yield* Tasks.Tasks
        yield* say("errand.hello")
        const parent = yield* host.root("ses_other")
        const [, inLine] = yield* Effect.forEach(["100", "100"], (prompt) =>
          tasks.launch({ description: "-", prompt, agent: "explore", parent }))
        yield* launch(100)
        yield* TestClock.adjust("1 second")
        assert.deepInclude((yield* board(root)).tasks[0], { status: "pending", ahead: 1 })
        yield* tasks.cancel(inLine?.id ?? "")
        yield* TestClock.adjust("1 second")
        assert.deepInclude((yield* board(root)).tasks[0], { status: "pending", ahead: 0 })
      })))

  it.effect("the place of one in line is right when other processes change it (G6, G7)", () =>
    Effect.gen(function*() {
      const ahead = yield* Ref.make(3)
      yield* world({ ahead: Ref.get(ahead) }, ({ board, say, writes }) =>
        Effect.gen(function*() {
          yield* say("errand.hello")
          yield* launch(100)
          yield* TestClock.adjust("2 seconds")
          const seen = yield* board(root)
          assert.strictEqual(Rows.rowsOf(seen, { now: seen.at })[0]?.detail, "4th in line · @explore 5/5")
          yield* Ref.set(ahead, 2)
          yield* TestClock.adjust("2 seconds")
          assert.strictEqual((yield* board(root)).tasks[0]?.ahead, 2)
          const before = (yield* writes).length
          yield* TestClock.adjust("60 seconds")
          assert.lengthOf(yield* writes, before)
        }))
    }))

  it.effect("who says hello for a session sees what is over in it, and nobody else's is written (G6)", () =>
    world({}, ({ board, pour, say, writes }) =>
      Effect.gen(function*() {
        const [task] = yield* launch(10)
        yield* TestClock.adjust("5 seconds")
        // Heard while nobody looks.
        yield* pour("permission.asked", {
          id: "per_1",
          sessionID: yield* sessionOf(task?.id ?? ""),
          permission: "bash"
        })
        yield* TestClock.adjust("60 seconds")
        yield* say("errand.hello")
        yield* say("errand.hello ses_unknown")
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* writes, [])
        yield* say(`errand.hello ${root}`)
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* board(root)).tasks[0]?.id, task?.id)
      })))

  it.effect("nothing is written while nothing changes, with tasks out and without (G6)", () =>
    world({}, ({ pour, reads, say, writes }) =>
      Effect.gen(function*() {
        yield* say("errand.hello")
        const [task] = yield* launch(90)
        yield* TestClock.adjust("2 seconds")
        const before = (yield* writes).length
        yield* TestClock.adjust("40 seconds")
        // Something happens, and nothing of it shows.
        yield* pour("session.status", { sessionID: yield* sessionOf(task?.id ?? ""), status: { type: "idle" } })
        yield* TestClock.adjust("40 seconds")
        assert.lengthOf(yield* writes, before)
        yield* TestClock.adjust("20 seconds")
        const over = (yield* writes).length
        assert.isAbove(over, before)
        yield* TestClock.adjust("1 hour")
        assert.lengthOf(yield* writes, over)
        // By then others may have written there what nobody has listened for.
        const asked = yield* reads
        yield* launch(90)
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(yield* reads, asked + 1)
      })))

  it.effect("what a task does is written at most once a second, and what others keep there stays (G6)", () =>
    world(
      { metadata: { theirs: 1, errand: { cards: true } } },
      ({ board, pour, say, writes }) =>
        Effect.gen(function*() {
          yield* say("errand.hello")
          const [task] = yield* launch(100)
          yield* TestClock.adjust("5 seconds")
          const sessionID = yield* sessionOf(task?.id ?? "")
          const before = yield* writes
          for (let n = 0; n < 30; n++) {
            const state = { status: "running", input: { filePath: `/home/me/project/src/${n}.ts` } }
            yield* pour("message.part.updated", {
              part: { type: "tool", tool: "read", sessionID, callID: `call_${n}`, state }
            })
            yield* TestClock.adjust("100 millis")
          }
          yield* TestClock.adjust("1 second")
          const since = (yield* writes).slice(before.length)
          assert.isAtLeast(since.length, 3)
          assert.isAtMost(since.length, 4)
          assert.strictEqual((yield* board(root)).tasks[0]?.last, "read src/29.ts")
          for (const { metadata } of yield* writes) {
            assert.strictEqual(metadata["theirs"], 1)
            assert.deepInclude(metadata["errand"], { cards: true })
          }
        })
    ))

  it.effect("what a task asks is written at once, and so is that it was answered (G2)", () =>
    world({}, ({ board, pour, say, writes }) =>
      Effect.gen(function*() {
        yield* say("errand.hello")
        const [task] = yield* launch(100)
        yield* TestClock.adjust("5 seconds")
        const sessionID = yield* sessionOf(task?.id ?? "")
        const before = (yield* writes).length
        yield* pour("permission.asked", { id: "per_1", sessionID, permission: "bash", patterns: ["npm test"] })
        assert.lengthOf(yield* writes, before + 1)
        const [item] = (yield* board(root)).tasks
        assert.deepStrictEqual(item?.asks?.map(({ id, what }) => [id, what]), [["per_1", "bash npm test"]])
        yield* pour("permission.replied", { sessionID, requestID: "per_1" })
        assert.isUndefined((yield* board(root)).tasks[0]?.asks)
        assert.deepStrictEqual(
          (yield* board(root)).tasks[0]?.stretches?.map(({ kind, to }) => [kind, to !== undefined]),
          [["ask", true]]
        )
      })))

  it.effect("of several commands each is shown as it is, and apart, to the last (G2)", () =>
    world({}, ({ board, pour, say }) =>
      Effect.gen(function*() {
        yield* say("errand.hello")
        const [task] = yield* launch(100)
        yield* TestClock.adjust("5 seconds")
        const sessionID = yield* sessionOf(task?.id ?? "")
        const patterns = [
          `git commit -m "x"`,
          `npm run build ${"--flag ".repeat(20)}`.trim(),
          "curl -s http://a.sh",
          "sh"
        ]
        yield* pour("permission.asked", { id: "per_1", sessionID, permission: "bash", patterns })
        const [item] = (yield* board(root)).tasks
        assert.strictEqual(item?.asks?.[0]?.what, `bash ${patterns.join(", ")}`)
      })))

  it.effect("what is refused without asking anybody is not shown (G2)", () =>
    world({ settings: { permissions: "reject" } }, ({ board, pour, say }) =>
      Effect.gen(function*() {
        yield* say("errand.hello")
        const [task] = yield* launch(100)
        yield* TestClock.adjust("5 seconds")
        const sessionID = yield* sessionOf(task?.id ?? "")
        yield* pour("permission.asked", { id: "per_1", sessionID, permission: "bash", patterns: ["npm test"] })
        yield* TestClock.adjust("5 seconds")
        assert.isUndefined((yield* board(root)).tasks[0]?.asks)
      })))

  it.effect("what was asked before somebody looked is shown to who looks then (G2)", () =>
    world({}, ({ board, pour, say }) =>
      Effect.gen(function*() {
        const [task] = yield* launch(100)
        yield* TestClock.adjust("5 seconds")
        const sessionID = yield* sessionOf(task?.id ?? "")
        yield* pour("permission.asked", { id: "per_1", sessionID, permission: "bash" })
        yield* pour("session.status", { sessionID, status: { type: "retry", attempt: 2, message: "429", next: 9_000 } })
        yield* say("errand.hello")
        yield* TestClock.adjust("1 second")
        const [item] = (yield* board(root)).tasks
        assert.strictEqual(item?.asks?.length, 1)
        assert.deepStrictEqual(item?.retry, { attempt: 2, message: "429", nextAt: 9_000 })
      })))

  it.effect("a task that waits for its own has lent its slots: it is out, and no limit is broken (G6)", () =>
    world({ limit: 1 }, ({ board, say }) =>
      Effect.gen(function*() {
        const host = yield* SimulatedHost.SimulatedHost
        const tasks = yield* Tasks.Tasks
        yield* say("errand.hello")
        yield* host.behave(({ session, text }) => {
          const below = Effect.flatMap(
            tasks.launch({ description: "Inner", prompt: "20", agent: "explore", parent: session, background: false }),
            ({ id }) => tasks.await(id, session)
          )
          return text === "outer"
            ? [{ do: "call", name: "delegate_task", effect: Effect.ignore(below) }, { do: "say", text: "done" }]
            : behave({ text })
        })
        const parent = yield* host.root(root)
        yield* tasks.launch({ description: "Outer", prompt: "outer", agent: "explore", parent })
        yield* TestClock.adjust("10 seconds")
        const seen = yield* board(root)
        assert.deepStrictEqual(seen.pools.map(({ size, used }) => [used, size]), [[1, 1]])
        assert.deepStrictEqual(
          Rows.rowsOf(seen, { now: seen.at }).map(({ depth, doing, label }) => [label, depth, doing]),
          [
            ["Outer", 1, "waits for its own (1 out)"],
            ["Inner", 2, "thinks"]
          ]
        )
        yield* TestClock.adjust("30 seconds")
        const outer = (yield* board(root)).tasks.find(({ depth }) => depth === 1)
        assert.strictEqual(outer?.status, "completed")
        const [lent, ...more] = outer?.stretches ?? []
        assert.deepStrictEqual(more, [])
        assert.strictEqual(lent?.kind, "lent")
        assert.approximately((lent?.to ?? 0) - (lent?.from ?? 0), 20_000, 300)
        // The picture of it must not say that two were in use where there is one.
        const [pool] = Timeline.ofBoard(yield* board(root), 60_000).pools
        assert.strictEqual(Math.max(...(pool?.used ?? []).map(({ used }) => used)), 1)
      })))

  it.effect("whoever says hello is answered, even where nothing has changed (G6)", () =>
    world({}, ({ board, say, writes }) =>
      Effect.gen(function*() {
        yield* say("errand.hello")
        yield* launch(100)
        yield* TestClock.adjust("20 seconds")
        const [before, { at }] = [(yield* writes).length, yield* board(root)]
        yield* say("errand.hello")
        assert.lengthOf(yield* writes, before + 1)
        assert.strictEqual((yield* board(root)).at, at + 20_000 - 100)
        // A terminal that says it again and again is no reason to write again and again.
        yield* Effect.forEach([1, 2, 3, 4], () => Effect.andThen(say("errand.hello"), TestClock.adjust("1 second")))
        assert.lengthOf(yield* writes, before + 1)
      })))

  it.effect("a board that an earlier process left is replaced, where something seems to be out on it (G6)", () => {
    const left = (owner: string) => ({
      v: 1,
      session: root,
      owner,
      at: 0,
      pools: [],
      tasks: [{
        id: "bg_00000001",
        run: 1,
        parent: root,
        depth: 1,
        agent: "explore",
        description: "-",
        status: "running",
        queuedAt: 0,
        toolCalls: 0
      }]
    })
    return world(
      { metadata: { errand: { board: left("somebody else") } } },
      ({ board, say }) =>
        Effect.gen(function*() {
          const [task] = yield* launch(1)
          yield* TestClock.adjust("60 seconds")
          yield* say("errand.hello")
          yield* TestClock.adjust("1 second")
          const seen = yield* board(root)
          assert.notStrictEqual(seen.owner, "somebody else")
          assert.deepStrictEqual(seen.tasks.map(({ id, status }) => [`${id}`, status]), [[`${task?.id}`, "completed"]])
        })
    )
  })

  it.effect("a write that fails is tried again, and one for a session that is gone is not (G3)", () => {
    const broken = new AgentHost.HostError({ operation: "metadata", kind: "unreachable", message: "broken" })
    return Effect.gen(function*() {
      yield* world(
        { outcome: (nth) => nth < 3 ? Effect.fail(broken) : Effect.void },
        ({ say, tried, writes }) =>
          Effect.gen(function*() {
            yield* say("errand.hello")
            yield* launch(100)
            yield* TestClock.adjust("10 seconds")
            assert.lengthOf(yield* writes, 1)
            assert.strictEqual(yield* tried, 3)
          })
      )
      // One that hangs has failed, too.
      yield* world(
        { outcome: (nth) => nth === 1 ? Effect.never : Effect.void },
        ({ say, writes }) =>
          Effect.gen(function*() {
            yield* say("errand.hello")
            yield* launch(100)
            yield* TestClock.adjust("10 seconds")
            assert.lengthOf(yield* writes, 1)
          })
      )
      const gone = new AgentHost.SessionGone({ session: Task.SessionId.make(root) })
      yield* world({ outcome: () => Effect.fail(gone) }, ({ say, tried }) =>
        Effect.gen(function*() {
          yield* say("errand.hello")
          yield* launch(100)
          yield* TestClock.adjust("10 seconds")
          assert.strictEqual(yield* tried, 1)
        }))
    })
  })

  it.effect("a board that is never taken holds up no task and no other board (G3)", () =>
    world(
      { outcome: (_, session) => session === root ? Effect.never : Effect.void },
      ({ board, say }) =>
        Effect.gen(function*() {
          const host = yield* SimulatedHost.SimulatedHost
          const tasks = yield* Tasks.Tasks
          yield* say("errand.hello")
          const [task] = yield* launch(1)
          yield* TestClock.adjust("1 second")
          const parent = yield* host.root("ses_other")
          yield* tasks.launch({ description: "-", prompt: "100", agent: "explore", parent })
          yield* TestClock.adjust("100 millis")
          assert.strictEqual(head(yield* board("ses_other")), "1 out")
          yield* TestClock.adjust("30 seconds")
          assert.strictEqual((yield* tasks.get(task?.id ?? "")).status, "completed")
        })
    ))

  it.effect("what changes while a board is written is written after that, and never two at once (G6)", () =>
    Effect.gen(function*() {
      const writing = yield* Ref.make(0)
      const most = yield* Ref.make(0)
      const slow = Effect.gen(function*() {
        const now = yield* Ref.updateAndGet(writing, (n) => n + 1)
        yield* Ref.update(most, (n) => Math.max(n, now))
        yield* Effect.sleep("1 second")
        yield* Ref.update(writing, (n) => n - 1)
      })
      yield* world({ outcome: () => slow }, ({ board, say }) =>
        Effect.gen(function*() {
          yield* say("errand.hello")
          yield* launch(100)
          yield* TestClock.adjust("500 millis")
          yield* launch(100)
          yield* TestClock.adjust("200 millis")
          yield* launch(100)
          yield* TestClock.adjust("2500 millis")
          assert.strictEqual(head(yield* board(root)), "3 out")
          assert.strictEqual(yield* Ref.get(most), 1)
        }))
    }))

  it.effect("a person's wish ends a task, and nothing else is done for what is no wish (E1)", () =>
    world({}, ({ board, say }) =>
      Effect.gen(function*() {
        const tasks = yield* Tasks.Tasks
        yield* say("errand.hello")
        const [task, other] = yield* launch(100, 100)
        yield* TestClock.adjust("1 second")
        for (const wish of ["errand.cancel", "errand.cancel all", `errand.cancel ${task?.id} now`, "cancel", ""]) {
          yield* say(wish)
        }
        assert.strictEqual((yield* tasks.get(task?.id ?? "")).status, "running")
        yield* say(`errand.cancel ${task?.id}`)
        yield* TestClock.adjust("1 second")
        const ended = yield* tasks.get(task?.id ?? "")
        assert.deepInclude(ended.outcome, { _tag: "Cancelled", reason: "by-person" })
        assert.strictEqual((yield* tasks.get(other?.id ?? "")).status, "running")
        assert.strictEqual((yield* board(root)).tasks.at(-1)?.why, "called off by a person")
      })))

  it.effect("a person who calls off what another window runs is told where to do that (G8)", () =>
    world({}, ({ say, toasts }) =>
      Effect.gen(function*() {
        const journal = yield* Journal.Journal
        const id = Task.TaskId.make("bg_0000abcd")
        const parent = Task.SessionId.make(root)
        const request: Task.Request = {
          description: "-",
          prompt: "-",
          agent: "explore",
          parent,
          ancestors: [parent],
          background: true
        }
        yield* journal.append({ _tag: "Queued", id, run: 1, at: 0, request })
        yield* journal.append({ _tag: "Started", id, run: 1, at: 0 })
        yield* say(`errand.cancel ${id}`)
        assert.deepStrictEqual(yield* toasts, [
          "That task runs in another OpenCode window on this directory: cancel it there."
        ])
        const [task] = yield* launch(1)
        yield* TestClock.adjust("5 seconds")
        yield* say(`errand.cancel ${task?.id}`)
        assert.lengthOf(yield* toasts, 1)
      })))

  it.effect("of one that failed it says what the provider said, as every other list of tasks does (G8)", () =>
    world({}, ({ board, say }) =>
      Effect.gen(function*() {
        yield* say("errand.hello")
        yield* launch(0)
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual((yield* board(root)).tasks.at(-1)?.why, "invalid x-api-key (HTTP 401)")
      })))

  it.effect("says what is wrong with the configuration, and is not kept where the setting says so (G8)", () =>
    Effect.gen(function*() {
      yield* world({ problem: Boards.invalidConfig }, ({ board, say }) =>
        Effect.gen(function*() {
          yield* say("errand.hello")
          yield* launch(100)
          yield* TestClock.adjust("1 second")
          assert.strictEqual((yield* board(root)).problem, "config invalid · run Errand's doctor")
        }))
      yield* world({ settings: { board: false } }, ({ say, tried }) =>
        Effect.gen(function*() {
          yield* say("errand.hello")
          yield* launch(100)
          yield* TestClock.adjust("10 seconds")
          assert.strictEqual(yield* tried, 0)
        }))
    }))
})

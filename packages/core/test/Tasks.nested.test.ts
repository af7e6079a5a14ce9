import { assert, describe } from "@effect/vitest"
import { Array, Deferred, Effect, Fiber, Result } from "effect"
import type { SessionId } from "../src/Task.ts"
import type { Step, Told } from "../src/testing/SimulatedHost.ts"
import {
  answerOf,
  call,
  failing,
  hang,
  inWorld,
  messageOf,
  type Options,
  pass,
  say,
  soon,
  wait,
  type World
} from "./support/world.ts"

const one: Options["settings"] = { defaultConcurrency: 1 }

/** The agent launches a task of its own and goes on. */
const delegates = ({ launch }: World, told: Told, ...prompts: ReadonlyArray<string>): ReadonlyArray<Step> =>
  prompts.map((prompt) => call("delegate", launch(prompt, { parent: told.session })))

/** The agent launches a task of its own and waits for it in the same turn. */
const delegatesAndWaits = ({ launch, tasks }: World, told: Told, prompt: string): Step =>
  call(
    "delegate",
    Effect.flatMap(
      launch(prompt, { parent: told.session, background: false }),
      ({ id }) => tasks.await(id, told.session)
    )
  )

describe("a task of a task", () => {
  inWorld("that somebody further above calls off is told of: the task that waits for it does not know (C3 C12)", {
    scripts: { inner: [hang] }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, get, host, launch, sessionOf, tasks, told } = world
      yield* host.behave((said) =>
        said.text === "outer"
          ? [...delegates(world, said, "inner"), say("I wait for it")]
          : said.text === "inner"
          ? [hang]
          : [say(`heard: ${said.text}`)]
      )
      const outer = yield* launch("outer")
      yield* pass(5_000)
      const [, inner] = yield* tasks.list
      yield* tasks.cancel(inner?.id ?? "", "from-above")
      yield* pass(5_000)
      assert.deepStrictEqual(yield* told(yield* sessionOf(outer)), ["final: from-above"])
      assert.strictEqual(answerOf(yield* get(outer)), "heard: notice final")
      yield* atRest
    }))
})

describe("a task that waits no longer than so long for a task of its own", () => {
  inWorld(
    "has its slot back before it goes on: never more at work than the limit (A1, A10)",
    { settings: one },
    (world) =>
      Effect.gen(function*() {
        const { atRest, get, host, launch, tasks } = world
        const most: Array<number> = []
        const awaits = (told: Told) =>
          call(
            "wait",
            Effect.gen(function*() {
              const { id } = yield* launch("inner", { parent: told.session })
              const { status } = yield* tasks.await(id, told.session, 1_000)
              most.push((yield* tasks.list).filter(({ status }) => status === "running").length)
              assert.strictEqual(status, "completed", "it says how the task is by then")
            })
          )
        yield* host.behave((told) =>
          told.text === "outer"
            ? [awaits(told), say("outer done")]
            : told.text === "inner"
            ? [wait(60_000), say("inner done")]
            : [say("heard")]
        )
        const outer = yield* launch("outer")
        yield* pass("2 minutes")
        assert.deepStrictEqual(most, [1])
        assert.strictEqual((yield* get(outer)).status, "completed")
        yield* atRest
      })
  )

  inWorld("is told how it is by then where there is room for both (A10)", {}, (world) =>
    Effect.gen(function*() {
      const { host, launch, tasks } = world
      const seen: Array<string> = []
      yield* host.behave((told) =>
        told.text === "outer"
          ? [
            call(
              "wait",
              Effect.gen(function*() {
                const { id } = yield* launch("inner", { parent: told.session })
                seen.push((yield* tasks.await(id, told.session, 1_000)).status)
              })
            ),
            say("outer done")
          ]
          : [wait(60_000), say("inner done")]
      )
      yield* launch("outer")
      yield* pass(1_500)
      assert.deepStrictEqual(seen, ["running"])
      yield* pass("5 minutes")
    }))
})

describe("a task that waits for the task above it, or for itself", () => {
  inWorld("is refused at once: neither could ever end (A15)", {}, (world) =>
    Effect.gen(function*() {
      const { atRest, get, host, launch, tasks } = world
      const refused: Array<string> = []
      const outer = yield* Deferred.make<string>()
      const awaits = (told: Told) =>
        call(
          "wait",
          Effect.gen(function*() {
            const error = yield* Effect.flip(tasks.await(yield* Deferred.await(outer), told.session))
            refused.push(error._tag)
          })
        )
      yield* host.behave((told) =>
        told.text === "outer"
          ? [awaits(told), ...delegates(world, told, "inner"), say("outer done")]
          : told.text === "inner"
          ? [wait(1_000), awaits(told), say("inner done")]
          : [say("heard")]
      )
      const task = yield* launch("outer")
      yield* Deferred.succeed(outer, task.id)
      yield* pass(10_000)
      assert.deepStrictEqual(refused, ["TaskAbove", "TaskAbove"])
      assert.strictEqual(answerOf(yield* byPrompt(world, "inner")), "inner done")
      assert.strictEqual((yield* get(task)).status, "completed")
      yield* atRest
    }))
})

describe("a task that gets its slots back for its last word, and has others out again by then", () => {
  inWorld("is told it all the same, once it has them for good (C1, A15)", {
    settings: { modelConcurrency: {}, defaultConcurrency: 1 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, host, launch, sessionOf, told } = world
      yield* host.behave((said) =>
        said.text === "outer"
          ? [...delegates(world, said, "inner"), say("I wait")]
          : said.text === "inner"
          ? [wait(10_000), say("inner done")]
          : said.text === "hog"
          ? [wait(60_000), say("hog done")]
          : [wait(1_000), say(`heard: ${said.text}`)]
      )
      const outer = yield* launch("outer")
      yield* pass("5 seconds")
      // It takes the slot that the inner one leaves, before the outer one has it back; then a person sends another out in there.
      yield* launch("hog")
      yield* pass("20 seconds")
      const session = yield* sessionOf(outer)
      yield* launch("late", { parent: session })
      yield* pass("2 minutes")
      assert.deepStrictEqual(yield* told(session), ["final: completed", "final: completed"])
      assert.strictEqual(yield* end(outer), "completed")
      yield* atRest
    }))
})

describe("tasks that wait for each other", () => {
  /** Awaits the task with this prompt, and notes how that went. */
  const awaits = (world: World, told: Told, prompt: string, seen: Array<string>, atMost?: number): Step =>
    call(
      "wait",
      Effect.gen(function*() {
        const other = yield* byPrompt(world, prompt)
        const result = yield* Effect.result(world.tasks.await(other.id, told.session, atMost))
        seen.push(`${told.text}: ${Result.isSuccess(result) ? result.success.status : result.failure._tag}`)
      })
    )

  inWorld(
    "in one pool: whoever closes the circle is refused at once, and both end (A15)",
    { settings: one },
    (world) =>
      Effect.gen(function*() {
        const { atRest, host, launch, tasks } = world
        const seen: Array<string> = []
        yield* host.behave((told) =>
          told.text === "a" || told.text === "b"
            ? [wait(100), awaits(world, told, told.text === "a" ? "b" : "a", seen), say(`${told.text} done`)]
            : [say("heard")]
        )
        yield* launch("a")
        yield* launch("b")
        yield* pass("1 minute")
        assert.deepStrictEqual(seen, ["b: TaskWaiting", "a: completed"])
        assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["a done", "b done"])
        yield* atRest
      })
  )

  inWorld(
    "are not refused where one of them waits no longer than so long (A15)",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, host, launch, tasks } = world
        const seen: Array<string> = []
        yield* host.behave((told) =>
          told.text === "a"
            ? [wait(100), awaits(world, told, "b", seen), say("a done")]
            : told.text === "b"
            ? [wait(100), awaits(world, told, "a", seen, 5_000), say("b done")]
            : [say("heard")]
        )
        yield* launch("a")
        yield* launch("b")
        yield* pass("1 minute")
        assert.deepStrictEqual(seen, ["b: running", "a: completed"])
        assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["a done", "b done"])
        yield* atRest
      })
  )

  inWorld(
    "through one that the other has sent out: it is refused as well, and all end (A15, B13)",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, end, host, launch } = world
        const seen: Array<string> = []
        yield* host.behave((told) =>
          told.text === "a"
            ? [wait(100), awaits(world, told, "b", seen), say("a done")]
            : told.text === "b"
            ? [...delegates(world, told, "inner"), say("I wait for it")]
            : told.text === "inner"
            ? [wait(1_000), awaits(world, told, "a", seen), say("inner done")]
            : [say("heard")]
        )
        const both = [yield* launch("a"), yield* launch("b")]
        yield* pass("1 minute")
        assert.deepStrictEqual(seen, ["inner: TaskWaiting", "a: completed"])
        assert.deepStrictEqual(yield* Effect.forEach(both, end), ["completed", "completed"])
        yield* atRest
      })
  )
})

const byPrompt = (world: World, prompt: string) =>
  Effect.flatMap(
    world.tasks.list,
    (all) => Effect.orDie(Effect.fromOption(Array.findFirst(all, ({ request }) => request.prompt === prompt)))
  )

describe("with a limit of one, a task that launches a task of the same pool and waits for it", () => {
  inWorld("in its turn gets somewhere: it lends its slot (A15)", { settings: one }, (world) =>
    Effect.gen(function*() {
      const { atRest, get, host, launch, used } = world
      yield* host.behave((told) =>
        told.text === "outer"
          ? [wait(1_000), delegatesAndWaits(world, told, "inner"), wait(1_000), say("outer done")]
          : [wait(1_000), say(`${told.text} done`)]
      )
      const outer = yield* launch("outer")
      const others = [yield* launch("other 1"), yield* launch("other 2")]
      for (const _ of Array.range(1, 60)) {
        assert.isAtMost(yield* used, 1)
        yield* pass(100)
      }
      const inner = yield* byPrompt(world, "inner")
      assert.strictEqual(answerOf(yield* get(outer)), "outer done")
      assert.strictEqual(answerOf(inner), "inner done")
      // In line: "other 1", then by turns "inner" and "other 2", and then who wants its slot back.
      assert.deepStrictEqual(
        (yield* Effect.forEach([inner, outer, ...others], get)).map(({ endedAt }) => endedAt),
        [3_000, 5_000, 2_000, 4_000]
      )
      yield* atRest
    }))

  inWorld(
    "by going idle gets somewhere, is woken, and answers after that (A15, B13)",
    { settings: one },
    (world) =>
      Effect.gen(function*() {
        const { atRest, get, host, launch, told, used } = world
        yield* host.behave((told) =>
          told.text === "outer"
            ? [...delegates(world, told, "inner"), say("I have sent somebody")]
            : told.text === "inner"
            ? [wait(1_000), say("inner done")]
            : [wait(1_000), say(`answer to ${told.text}`)]
        )
        const outer = yield* launch("outer")
        for (const _ of Array.range(1, 19)) {
          assert.isAtMost(yield* used, 1)
          yield* pass(100)
        }
        assert.strictEqual((yield* get(outer)).status, "running")
        yield* pass(100)
        assert.strictEqual(answerOf(yield* get(outer)), "answer to notice final")
        assert.deepStrictEqual(yield* told((yield* get(outer)).session), ["final: completed"])
        assert.deepStrictEqual(yield* told(), ["final: completed"])
        yield* atRest
      })
  )

  inWorld("does so three levels deep, with others in line (A15)", { settings: one }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, host, launch } = world
      yield* host.behave((told) =>
        told.text === "1"
          ? [...delegates(world, told, "2"), say("waiting for 2")]
          : told.text === "2"
          ? [delegatesAndWaits(world, told, "3"), say("2 done")]
          : [wait(1_000), say(`${told.text} done`)]
      )
      const first = yield* launch("1")
      const others = yield* Effect.forEach(["a", "b", "c"], (name) => launch(name))
      yield* pass(10_000)
      const deep = [yield* byPrompt(world, "2"), yield* byPrompt(world, "3")]
      assert.deepStrictEqual(yield* Effect.forEach([first, ...deep, ...others], end), Array.replicate("completed", 6))
      assert.strictEqual(answerOf(yield* world.get(first)), "notice final done")
      yield* atRest
    }))
})

describe("a task with tasks of its own", () => {
  inWorld(
    "is woken only when it has its slot again (A1, B13)",
    { settings: { defaultConcurrency: 1 } },
    (world) =>
      Effect.gen(function*() {
        const { atRest, callsOf, end, host, launch, sessionOf } = world
        // The inner one has a pool of its own and is back long before the slot that was lent to the other one.
        const model = { provider: "elsewhere", id: "small" }
        yield* host.behave((told) =>
          told.text === "outer"
            ? [call("delegate", launch("inner", { parent: told.session, model })), say("I wait")]
            : told.text === "other"
            ? [wait(60_000), say("other done")]
            : [wait(1_000), say("done")]
        )
        const outer = yield* launch("outer")
        yield* launch("other")
        yield* pass(59_999)
        const session = yield* sessionOf(outer)
        assert.strictEqual(yield* end(yield* byPrompt(world, "inner")), "completed")
        yield* pass(1_001)
        const woken = (yield* callsOf("notify")).filter((made) => made.session === session)
        assert.deepStrictEqual(woken.map(({ at }) => at), [60_000])
        yield* atRest
      })
  )

  inWorld(
    "hears of each, is woken once by the last, and only then is finished (B13)",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, end, get, host, launch, told } = world
        yield* host.behave((told) =>
          told.text === "outer"
            ? [...delegates(world, told, "a", "b", "c"), wait(500), say("three are out")]
            : told.text === "notice final"
            ? [wait(1_000), say("all three are back")]
            : [wait({ a: 1_000, b: 2_000, c: 60_000 }[told.text] ?? 0), say(`${told.text} done`)]
        )
        const outer = yield* launch("outer")
        yield* pass(60_000)
        assert.strictEqual(yield* end(outer), "running")
        const { session } = yield* get(outer)
        assert.deepStrictEqual(yield* told(session), [
          "progress: completed",
          "progress: completed",
          "final: completed, completed, completed"
        ])
        assert.strictEqual((yield* host.turns(session ?? world.parent)).length, 2)
        yield* pass(1_000)
        assert.strictEqual(answerOf(yield* get(outer)), "all three are back")
        yield* atRest
      })
  )

  inWorld(
    "may send others out once it is woken, again and again (B13)",
    { settings: one },
    (world) =>
      Effect.gen(function*() {
        const { atRest, get, host, launch } = world
        yield* host.behave((told) =>
          told.text === "outer"
            ? [...delegates(world, told, "a"), say("one")]
            : told.text === "notice final" && told.session !== world.parent
            // Prompted, told "progress" and told "final", and so on.
            ? told.nth < 3
              ? [wait(100), ...delegates(world, told, `${told.nth}`), say(`round ${told.nth}`)]
              : [wait(100), say("enough")]
            : [wait(1_000), say("done")]
        )
        const outer = yield* launch("outer")
        yield* pass(10_000)
        assert.strictEqual(answerOf(yield* get(outer)), "enough")
        assert.strictEqual((yield* world.tasks.list).length, 4)
        yield* atRest
      })
  )

  inWorld("answers after it was woken, also where the notice shows late in its session (B13)", {
    lag: 5_000,
    settings: { pollIntervalMs: 1_000 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, get, host, launch } = world
      yield* host.behave((told) =>
        told.text === "outer" ? [...delegates(world, told, "inner"), say("I wait")] : [wait(1_000), say(told.text)]
      )
      const outer = yield* launch("outer")
      // Prompted after 5 s, its own task ended 6 s later, and the news of that takes 5 s more.
      yield* pass(16_999)
      assert.strictEqual((yield* get(outer)).status, "running")
      yield* pass(1)
      assert.strictEqual(answerOf(yield* get(outer)), "notice final")
      yield* atRest
    }))

  /** What it does when it is woken, and how it ends. */
  const quick: Record<string, { readonly does: ReadonlyArray<Step>; readonly end: string; readonly by: number }> = {
    "works and answers": {
      does: [...[1, 2, 3].map((): Step => ({ do: "tool", name: "read", ms: 100 })), say("woken")],
      end: "completed",
      by: 10_000
    },
    "ends in an error": {
      does: [wait(10), { do: "no-model", message: "no such model" }],
      end: "agent-error",
      by: 10_000
    }
  }
  for (const [what, { by, does, end: expected }] of Object.entries(quick)) {
    inWorld(
      `that ${what} before it is known that the notice was kept ends as that (B13, B10)`,
      {},
      (world) =>
        Effect.gen(function*() {
          const { atRest, end, host, launch } = world
          yield* host.feed(({ _tag }) => _tag === "Received" ? [] : [0])
          yield* host.behave((told) =>
            told.text === "outer"
              ? [...delegates(world, told, "inner"), say("I wait")]
              : told.text === "notice final" && told.session !== world.parent
              ? does
              : [wait(1_000), say("done")]
          )
          const outer = yield* launch("outer")
          yield* pass(by)
          assert.strictEqual(yield* end(outer), expected)
          yield* atRest
        })
    )
  }

  const turns: Readonly<Record<string, ReadonlyArray<Step>>> = {
    "ends": [wait(300)],
    "is at work": [{ do: "tool", name: "read", ms: 100 }, wait(2_000)]
  }
  for (const [does, steps] of Object.entries(turns)) {
    inWorld(
      `of a host without transcripts that ${does} before it is known that the notice was kept has its answer (B13)`,
      {
        capabilities: { transcript: false, silent: true }
      },
      (world) =>
        Effect.gen(function*() {
          const { get, host, launch } = world
          const ends = (answer: string): Step => ({
            do: "tell",
            event: (session) => ({ _tag: "Ended", session, result: { _tag: "Done", answer } })
          })
          yield* host.feed(({ _tag }) => _tag === "Received" ? [] : [0])
          yield* host.behave((told) =>
            told.text === "outer"
              ? [...delegates(world, told, "inner"), ends("I wait")]
              : told.text === "notice final" && told.session !== world.parent
              ? [...steps, ends("woken")]
              : [wait(1_000), ends("done")]
          )
          const outer = yield* launch("outer")
          yield* pass(10_000)
          assert.strictEqual(answerOf(yield* get(outer)), "woken")
        })
    )
  }

  inWorld("that sends others out before the host has confirmed the news of the first gets somewhere (A15, B13)", {
    settings: one
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, get, host, launch } = world
      yield* host.behave((told) =>
        told.text === "outer"
          ? [...delegates(world, told, "a"), say("I wait for a")]
          : told.text === "notice final" && told.nth === 1 && told.session !== world.parent
          ? [...delegates(world, told, "b"), say("I wait for b")]
          : [wait(1_000), say(`${told.text} done`)]
      )
      yield* host.faults(failing({ notify: "hang-after" }))
      const outer = yield* launch("outer")
      yield* pass(60_000)
      assert.strictEqual(answerOf(yield* get(outer)), "notice final done")
      yield* host.faults(() => "ok")
      yield* atRest
    }))

  inWorld(
    "whose provider fails meanwhile is woken by them and may recover (B11, B13)",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, get, host, launch } = world
        yield* host.behave((told) =>
          told.text === "outer"
            ? [...delegates(world, told, "inner"), { do: "fail", message: "500" }]
            : [wait(5_000), say(`${told.text} done`)]
        )
        const outer = yield* launch("outer")
        yield* pass(4_000)
        assert.strictEqual((yield* get(outer)).status, "running")
        yield* pass(6_000)
        assert.strictEqual(answerOf(yield* get(outer)), "notice final done")
        yield* atRest
      })
  )

  inWorld(
    "is not finished while the host does not take the news of them (B13, C1)",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, get, host, launch } = world
        yield* host.behave((told) =>
          told.text === "outer"
            ? [...delegates(world, told, "inner"), say("I wait")]
            : [wait(1_000), say(`${told.text} done`)]
        )
        yield* host.faults(failing({ notify: "fail" }))
        const outer = yield* launch("outer")
        yield* pass(120_000)
        assert.strictEqual((yield* get(outer)).status, "running")
        yield* host.faults(() => "ok")
        yield* pass(31_000)
        assert.strictEqual(answerOf(yield* get(outer)), "notice final done")
        yield* atRest
      })
  )

  inWorld("does not count the time without its slot against its time limit (B17)", {
    settings: { defaultConcurrency: 1, taskTtlMs: 60_000 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, end, host, launch } = world
      yield* host.behave((told) =>
        told.text === "outer"
          ? [wait(20_000), ...delegates(world, told, "inner"), say("I wait")]
          : told.text === "inner"
          ? [wait(50_000), say("inner done")]
          : [wait(30_000), say("all done")]
      )
      const outer = yield* launch("outer")
      yield* pass(100_000)
      assert.strictEqual(yield* end(outer), "completed")
      yield* atRest
    }))

  const ends: Record<
    string,
    { script: ReadonlyArray<Step>; act: (world: World, session: SessionId) => Effect.Effect<unknown>; end: string }
  > = {
    "its time limit": { script: [hang], act: () => pass(50_000), end: "time-limit" },
    "a quiet hour": { script: [hang], act: () => pass(42_000), end: "quiet-limit" },
    "the deletion of its session": { script: [hang], act: ({ host }, session) => host.remove(session), end: "deleted" },
    "a cancellation": {
      script: [hang],
      act: ({ tasks }) => Effect.flatMap(tasks.list, ([outer]) => Effect.ignore(tasks.cancel(outer?.id ?? ""))),
      end: "requested"
    }
  }
  for (const [name, { act, end: reason, script }] of Object.entries(ends)) {
    inWorld(`that is ended by ${name} takes them along, and none of them wakes it again (E5)`, {
      settings: { taskTtlMs: 60_000, staleTimeoutMs: name === "a quiet hour" ? 50_000 : 0, defaultConcurrency: 0 }
    }, (world) =>
      Effect.gen(function*() {
        const { atRest, end, host, launch, sessionOf, told } = world
        yield* host.behave((told) =>
          told.text === "outer"
            ? [wait(1_000), ...delegates(world, told, "inner"), ...script]
            : told.text === "inner"
            ? [wait(8_000), ...delegates(world, told, "innermost"), say("I wait")]
            : told.session === world.parent
            ? [say("ok")]
            : [hang]
        )
        const outer = yield* launch("outer")
        yield* pass(10_000)
        const session = yield* sessionOf(outer)
        // The limits of those below would come later.
        yield* act(world, session)
        yield* pass(100)
        const below = [yield* byPrompt(world, "inner"), yield* byPrompt(world, "innermost")]
        assert.strictEqual(yield* end(outer), reason)
        const why = reason === "deleted" ? "deleted" : "parent-ended"
        assert.deepStrictEqual(yield* Effect.forEach(below, end), [why, why])
        assert.deepStrictEqual(yield* host.notices(session), [])
        yield* pass(1_000)
        assert.deepStrictEqual(yield* host.working, [])
        assert.deepStrictEqual(yield* told(), reason === "requested" ? [] : [`final: ${reason}`])
        yield* atRest
      }))
  }
})

describe("a person who interrupts a session with tasks out", () => {
  inWorld("ends its turn and not its tasks: their news wakes it again (E6)", {}, (world) =>
    Effect.gen(function*() {
      const { atRest, end, get, host, launch, sessionOf } = world
      yield* host.behave((told) =>
        told.text === "outer"
          ? [...delegates(world, told, "inner"), { do: "stream", ms: 600_000, every: 1_000 }]
          : [wait(20_000), say(`${told.text} done`)]
      )
      const outer = yield* launch("outer")
      yield* pass(5_000)
      yield* host.interrupt(yield* sessionOf(outer))
      yield* pass(10_000)
      assert.strictEqual(yield* end(outer), "running")
      yield* pass(25_000)
      assert.strictEqual(answerOf(yield* get(outer)), "notice final done")
      yield* atRest
    }))
})

describe("maxDepth", () => {
  inWorld("is kept by every launch, foreground or background, and the host is told (F1)", {
    behave: () => [hang],
    settings: { maxDepth: 3, defaultConcurrency: 0 }
  }, ({ callsOf, launch, parent, sessionOf, tasks }) =>
    Effect.gen(function*() {
      let above = parent
      for (const depth of [1, 2, 3]) {
        const task = yield* launch(`${depth}`, { parent: above })
        yield* soon
        above = yield* sessionOf(task)
        assert.strictEqual(task.request.ancestors.length, depth)
      }
      assert.deepStrictEqual((yield* callsOf("open")).map(({ mayLaunch }) => mayLaunch), [true, true, false])
      assert.deepStrictEqual((yield* callsOf("prompt")).map(({ mayLaunch }) => mayLaunch), [true, true, false])
      const before = (yield* tasks.list).length
      for (const background of [true, false]) {
        const error = yield* Effect.flip(
          tasks.launch({ description: "x", prompt: "x", agent: "explore", parent: above, background })
        )
        assert.strictEqual(error._tag, "TooDeep")
        assert.include(error.message, `depth 4 below session ${parent}, and maxDepth is 3`)
      }
      assert.strictEqual((yield* tasks.list).length, before)
    }))

  inWorld(
    "counts the sessions that the host made by itself (F1)",
    { settings: { maxDepth: 2 } },
    (world) =>
      Effect.gen(function*() {
        const { host, parent, tasks, launch } = world
        const child = yield* host.root("ses_child", parent)
        const grandchild = yield* host.root("ses_grandchild", child)
        const task = yield* launch("x", { parent: child })
        assert.deepStrictEqual(task.request.ancestors, [child, parent])
        const error = yield* Effect.flip(
          tasks.launch({ description: "x", prompt: "x", agent: "explore", parent: grandchild })
        )
        assert.strictEqual(error._tag, "TooDeep")
      })
  )

  for (const fault of ["fail", "hang", "die"] as const) {
    inWorld(
      `refuses where it cannot be found out where the parent belongs (${fault}), until it can (F1)`,
      {},
      (world) =>
        Effect.gen(function*() {
          const { atRest, callsOf, host, parent, status, tasks } = world
          yield* host.faults(failing({ parentOf: fault }))
          const launch = tasks.launch({ description: "x", prompt: "x", agent: "explore", parent })
          const refused = yield* Effect.forkChild(Effect.flip(launch))
          yield* pass(10_000)
          assert.isDefined(refused.pollUnsafe())
          const error = yield* Fiber.join(refused)
          assert.strictEqual(error._tag, "LineageUnknown")
          assert.include(error.message, parent)
          assert.deepStrictEqual(yield* tasks.list, [])
          assert.deepStrictEqual(yield* callsOf("open"), [])
          yield* host.faults(() => "ok")
          const task = yield* Effect.orDie(launch)
          yield* pass(1_000)
          assert.strictEqual(yield* status(task), "completed")
          yield* atRest
        })
    )
  }

  inWorld("refuses a session whose parents form a circle (F1)", {}, ({ host, tasks }) =>
    Effect.gen(function*() {
      const a = yield* host.root("ses_a")
      const b = yield* host.root("ses_b", a)
      yield* host.root("ses_a", b)
      const error = yield* Effect.flip(tasks.launch({ description: "x", prompt: "x", agent: "explore", parent: a }))
      assert.strictEqual(error._tag, "LineageUnknown")
      assert.include(error.message, "circle")
    }))

  inWorld(
    "refuses a session that was deleted, and those below it (E4 F1)",
    {},
    ({ host, tasks }) =>
      Effect.gen(function*() {
        const root = yield* host.root("ses_deleted")
        const below = yield* host.root("ses_below", root)
        const launch = (parent: SessionId) => tasks.launch({ description: "x", prompt: "x", agent: "explore", parent })
        yield* tasks.cancel((yield* launch(below)).id)
        yield* host.remove(root)
        yield* pass(1_000)
        for (const parent of [root, below]) {
          const error = yield* Effect.flip(launch(parent))
          assert.strictEqual(error._tag, "SessionDeleted")
          assert.include(error.message, "ses_deleted was deleted")
        }
        // Another one is not touched.
        yield* launch(yield* host.root("ses_other"))
      })
  )

  inWorld(
    "is no budget: nobody is refused for those who lived before (F3)",
    { settings: { maxDepth: 1 } },
    (world) =>
      Effect.gen(function*() {
        for (const i of Array.range(1, 50)) yield* world.launch(`${i}`)
        yield* pass(20_000)
        const again = yield* world.launch("again")
        assert.strictEqual(again.status, "running")
        yield* pass(1_000)
        assert.strictEqual(messageOf(yield* world.get(again)), "")
        yield* world.atRest
      })
  )
})

/**
 * Calling tasks off, on the real OpenCode, at every point of their lives. That a task stopped is seen by the model's
 * server: the connection of its request is closed, and no other request comes.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import {
  callOf,
  delegate,
  delegateOne,
  type Errand,
  launchedOf,
  newParent,
  notices,
  page,
  patience,
  real,
  told,
  toldOnce,
  use,
  useOne,
  working,
  World
} from "./support/world.ts"

/** One that never ends by itself. */
const endless: Errand = { steps: [{ hang: true }] }
/** The same in a line of one. */
const inLine: Errand = { ...endless, args: { model: "fake/m4" } }

const cancel = (session: string, task: string) => useOne(session, "background_cancel", { task_id: task })
const cancelAll = (session: string) => useOne(session, "background_cancel", { all: true })

const alreadyCancelled =
  "[ERROR] Cannot cancel task: current status is \"cancelled\".\nOnly running or pending tasks can be cancelled."

const settings = { modelConcurrency: { "fake/m4": 1 }, toasts: false }

layer(World.layer({ settings }), real)("cancel", (it) => {
  it.effect("a running one: stopped at once, as the tutorial says, and its slot is free (E1, E2, C12)", () =>
    Effect.gen(function*() {
      const { model, server } = yield* World
      const parent = yield* newParent
      const [first, second] = yield* delegate(parent, [
        { ...inLine, description: "Explore: find the auth code" },
        { steps: [{ gate: "next", say: "the next one" }], args: { model: "fake/m4" } }
      ])
      assert.strictEqual(second?.status, "pending")
      const { session = "", task = "" } = first ?? {}
      yield* working(session)
      assert.strictEqual(
        yield* cancel(parent, task),
        [
          "Task cancelled successfully",
          "",
          `Task ID: ${task}`,
          "Description: Explore: find the auth code",
          `Session ID: ${session}`,
          "Status: cancelled",
          "",
          `To continue it: delegate_task(session_id="${session}", prompt="Continue: <your follow-up>")`
        ].join("\n")
      )
      yield* working(session, ({ aborted }) => aborted)
      yield* model.waitFor(({ parentSessionID, sessionID }) => parentSessionID === parent && sessionID !== session, {
        timeout: patience,
        what: "the next task in line"
      })
      assert.strictEqual(yield* cancel(parent, task), alreadyCancelled)
      const shown = yield* page(parent, task)
      assert.include(shown, "| Status | **cancelled** |")
      assert.include(shown, "> **Cancelled**: It was called off. Do not start it again unless you are asked to.")

      yield* model.openGate("next")
      // The batch is told once, when its other task is over too, and truly.
      const { text } = yield* toldOnce(parent)
      assert.include(text, "[ALL BACKGROUND TASKS FINISHED - 1 CANCELLED]")
      assert.match(text, new RegExp(`\\*\\*Completed:\\*\\*\n- \`${second?.task}\`: Errand 2 [^]*> the next one\n`))
      assert.match(text, new RegExp(`\\*\\*Cancelled:\\*\\*\n- \`${task}\`: Explore: find the auth code `))
      yield* server.idle(session, patience)
      assert.strictEqual((yield* model.requests).filter((request) => request.sessionID === session).length, 1)
    }))

  it.effect("a queued one: it never starts, and its neighbours keep their places (A5, A9, G5)", () =>
    Effect.gen(function*() {
      const { model, server } = yield* World
      const parent = yield* newParent
      const errand = (name: string): Errand => ({
        description: name,
        steps: [{ gate: "queued", say: name }],
        args: { model: "fake/m4" }
      })
      const launched = yield* delegate(parent, ["first", "second", "third"].map(errand))
      const [first, second, third] = launched.map(({ task }) => task)
      assert.strictEqual(
        yield* cancel(parent, second ?? ""),
        [
          "Pending task cancelled successfully",
          "",
          `Task ID: ${second}`,
          "Description: second",
          "Status: cancelled"
        ].join("\n")
      )
      const shown = yield* page(parent, second ?? "")
      assert.include(shown, "| Status | **cancelled** |\n| Queued for | ")
      assert.include(shown, "| Session ID | (not started) |")
      assert.include(yield* page(parent, third ?? ""), "| Queue | next in line; ")
      assert.strictEqual(yield* cancel(parent, second ?? ""), alreadyCancelled)
      yield* model.openGate("queued")
      const last = (yield* told(parent)).at(-1)?.text
      assert.match(last ?? "", new RegExp(`\\*\\*Completed:\\*\\*\n- \`${first}\`: [^]*\n- \`${third}\`: `))
      assert.match(
        last ?? "",
        new RegExp(`\\*\\*Cancelled:\\*\\*\n- \`${second}\`: second \\(explore, never started, `)
      )
      const titles = (yield* server.children(parent)).map(({ title }) => title).sort()
      assert.deepStrictEqual(titles, ["first (@explore subagent)", "third (@explore subagent)"])
    }))

  it.effect("ones that are just starting, in the turn that launched them: nothing is left of them (A8, C12)", () =>
    Effect.gen(function*() {
      const { model, server } = yield* World
      const parent = yield* newParent
      // What a launch has to ask OpenCode once is asked: from here on the tasks are there when they are called off.
      const waited = callOf({ steps: [{ say: "warm" }], args: { background: false } })
      assert.include((yield* use(parent, [waited]))[0]?.output, "\n\nwarm")
      const calls = [1, 2, 3].map((n) => callOf({ ...endless, description: `start ${n}` }))
      const answers = yield* use(parent, [...calls, { name: "background_cancel", args: { all: true } }])
      const launched = answers.slice(0, 3).map(({ output }) => launchedOf(output))
      const text = answers[3]?.output ?? ""
      assert.include(text, "Cancelled 3 background task(s):")
      for (const { status, task, text: launch } of launched) {
        assert.include(text, `| \`${task}\` | start `)
        if (status !== "running") {
          assert.include(launch, "Status: cancelled\n\nIt has already ended. It was called off.")
        }
        assert.include(yield* page(parent, task), "| Status | **cancelled** |")
      }
      // A session that was under way may still have come: it is stopped, too.
      for (const { id } of yield* server.children(parent)) yield* server.idle(id, patience)
      const requests = (yield* model.requests).filter(({ parentSessionID }) => parentSessionID === parent).slice(1)
      assert.deepStrictEqual(requests.filter(({ aborted }) => !aborted), [])
      assert.deepStrictEqual(yield* notices(parent), [])
    }))

  it.effect("one whose provider is waited for: no further try is made (E1, B10)", () =>
    Effect.gen(function*() {
      const { model, server } = yield* World
      const parent = yield* newParent
      const { session, task } = yield* delegateOne(parent, { steps: [{ fail: { status: 500 } }] })
      yield* server.waitFor(
        ({ properties, type }) =>
          type === "session.status" && properties["sessionID"] === session
          && JSON.stringify(properties["status"]).includes("\"retry\""),
        { timeout: patience }
      )
      assert.include(yield* cancel(parent, task), "Task cancelled successfully\n")
      yield* server.idle(session, patience)
      const tries = Effect.map(model.requests, (all) => all.filter(({ sessionID }) => sessionID === session).length)
      const before = yield* tries
      const shown = yield* page(parent, task)
      assert.include(shown, "| Status | **cancelled** |")
      assert.include(shown, "| Reason | called off on request |")
      // The second try would come two seconds after the first.
      yield* Effect.sleep("2500 millis")
      assert.strictEqual(yield* tries, before)
      assert.deepStrictEqual(yield* notices(parent), [])
    }))

  it.effect("all: every depth of the caller's family, pending ones too, and nobody else's (E3)", () =>
    Effect.gen(function*() {
      const { model } = yield* World
      const [parent, other] = [yield* newParent, yield* newParent]
      const foreign = yield* delegateOne(other, { steps: [{ gate: "all", say: "not touched" }] })
      const nested = callOf({ ...endless, description: "the task of a task" })
      const launched = yield* delegate(parent, [
        { ...inLine, description: "Explore: find | it" },
        { description: "sends one itself", agent: "general", steps: [{ toolCalls: [nested] }, { say: "Waiting." }] },
        { ...inLine, description: "in line" }
      ])
      const [running, sender, queued] = launched
      yield* working(running?.session ?? "")
      const grandchild = yield* model.waitFor(({ parentSessionID }) => parentSessionID === sender?.session, {
        timeout: patience
      })
      const text = yield* cancelAll(parent)
      const rows = text.split("\n").filter((line) => line.startsWith("| `bg_"))
      assert.match(text, /^Cancelled 4 background task\(s\):\n\n\| Task ID \| Description \| Status \| Session ID \|\n/)
      assert.sameMembers(
        rows.map((row) => row.replace(/^\| `bg_[0-9a-f]{8}` /, "")),
        [
          `| Explore: find \\| it | running | \`${running?.session}\` |`,
          `| sends one itself | running | \`${sender?.session}\` |`,
          `| the task of a task | running | \`${grandchild.sessionID}\` |`,
          "| in line | pending | (not started) |"
        ]
      )
      assert.include(
        text,
        [
          "## Continue Instructions",
          "",
          "To continue a cancelled task, use:",
          "",
          "    delegate_task(session_id=\"<session_id>\", prompt=\"Continue: <your follow-up>\")",
          "",
          "Continuable sessions:",
          ""
        ].join("\n")
      )
      const list = text.split("Continuable sessions:\n")[1]?.split("\n")
      assert.sameMembers(list ?? [], [
        `- \`${running?.session}\` (Explore: find | it)`,
        `- \`${sender?.session}\` (sends one itself)`,
        `- \`${grandchild.sessionID}\` (the task of a task)`
      ])
      assert.notInclude(text, foreign.task)
      for (const session of [running?.session, grandchild.sessionID]) {
        yield* working(session ?? "", ({ aborted }) => aborted)
      }
      assert.include(yield* page(parent, queued?.task ?? ""), "| Status | **cancelled** |")
      assert.strictEqual(yield* cancelAll(parent), "No running or pending background tasks to cancel.")
      assert.deepStrictEqual(yield* notices(parent), [])

      yield* model.openGate("all")
      assert.include((yield* toldOnce(other)).text, "> not touched")
    }))

  it.effect("what cannot be called off, or read, is answered by a sentence that helps (D7, G5)", () =>
    Effect.gen(function*() {
      const { model } = yield* World
      const [parent, stranger] = [yield* newParent, yield* newParent]
      const { session, task } = yield* delegateOne(parent, { steps: [{ gate: "foreign", say: "safe" }] })
      const cases: ReadonlyArray<readonly [id: string, says: string]> = [
        [task, `Task ${task} belongs to another session. You can only reach the tasks that you, or your own tasks`],
        [session, `Task ${task} belongs to another session.`],
        ["ses_0123456789", "Task not found: ses_0123456789. That is a session id, and no task that is known here ran"],
        ["bg_00000000", "Task not found: bg_00000000. It is older than what is kept"],
        ["bg_1", "Task not found: bg_1. A task id is bg_ and eight hex digits"],
        ["the first one", "Task not found: the first one. A task id is bg_ and eight hex digits"]
      ]
      for (const name of ["background_cancel", "background_output"]) {
        const answers = yield* use(stranger, cases.map(([id]) => ({ name, args: { task_id: id } })))
        assert.deepStrictEqual(
          answers.map(({ output }, index) => output.slice(0, cases[index]?.[1].length)),
          cases.map(([, says]) => says)
        )
        for (const { output } of answers) assert.notMatch(output, /\n|undefined/)
      }
      assert.match(
        yield* useOne(stranger, "background_cancel", {}),
        /^\[ERROR\] Invalid arguments of background_cancel: Either provide a task_id or set all=true /
      )
      assert.strictEqual(yield* cancelAll(stranger), "No running or pending background tasks to cancel.")
      yield* model.openGate("foreign")
      assert.include((yield* toldOnce(parent)).text, "> safe")
      // Nobody can call off what is over.
      assert.strictEqual(
        yield* cancel(parent, task),
        "[ERROR] Cannot cancel task: current status is \"completed\".\nOnly running or pending tasks can be cancelled."
      )
    }))
})

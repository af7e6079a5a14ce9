/**
 * What the terminal's half shows of a board, and what can be done with it by keys and mouse. The boards are written by the
 * tests: the server's half is not there.
 */
import { assert, layer } from "@effect/vitest"
import { Clock, Effect, type Schema } from "effect"
import { board, full, item } from "./support/boards.ts"
import { live, Stage, stage } from "./support/stage.ts"

/** A family with a board of everything, on the screen; its first tasks have sessions. */
const family = Effect.gen(function*() {
  const { parent, post, server, show } = yield* Stage
  const session = yield* parent
  const children = [
    yield* server.newSession("Find the auth code (@explore subagent)", session),
    yield* server.newSession("Run the tests (@general subagent)", session),
    yield* server.newSession("Read the OAuth docs (@librarian subagent)", session)
  ]
  yield* show(session)
  const now = yield* Clock.currentTimeMillis
  const me = { session, now, children }
  yield* post(session, full(me))
  return { ...me, children }
})

layer(stage({ plugins: [] }), live)("a board on the screen", (it) => {
  it.effect("is a list beside the conversation: needs you, running, in line with place and reason, just finished", () =>
    Effect.gen(function*() {
      const { sidebar } = yield* Stage
      yield* family
      const list = yield* sidebar(
        /▼ Errands +2 out · 1 in line$/,
        /▲ Run the tests of everything th… +\d+s$/,
        / {2}needs you: bash npm test$/,
        /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] Find the auth code +1m\d\ds$/,
        / {2}explore · grep login$/,
        /◌ Review the architecture +\d+s$/,
        / {2}1st in line · anthropic 2\/2$/,
        /✓ Read the OAuth docs +17s$/
      )
      assert.notInclude(list, "old docs")
    }))

  it.effect("is folded by a click on its head, and opened by another", () =>
    Effect.gen(function*() {
      const { sidebar, terminal } = yield* Stage
      yield* family
      yield* sidebar("Find the auth code")
      yield* terminal.clickOn("▼ Errands")
      const folded = yield* sidebar(/▶ Errands +2 out · 1 in line$/)
      assert.notInclude(folded, "Find the auth code")
      yield* terminal.clickOn("▶ Errands")
      yield* sidebar("Find the auth code")
    }))

  it.effect("line 4: a click on a row opens the session of the task; its footer names the agent, and up leads back", () =>
    Effect.gen(function*() {
      const { sidebar, terminal } = yield* Stage
      yield* family
      yield* sidebar("Find the auth code")
      yield* terminal.clickOn("Find the auth code")
      yield* terminal.waitFor(/Explore \(\d of \d\)/)
      yield* terminal.keys("Up")
      yield* sidebar(/▼ Errands/)
    }))

  it.effect("line 4: enter in /tasks and again opens the session of the task that was chosen", () =>
    Effect.gen(function*() {
      const { sidebar, tasks, terminal } = yield* Stage
      yield* family
      yield* sidebar("Find the auth code")
      yield* tasks
      yield* terminal.waitFor(/◌ Review the architecture +1st of 1 · anthropic 2\/2/)
      yield* terminal.type("OAuth")
      yield* terminal.waitFor((screen) => !screen.includes("Needs you"))
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("Read result")
      yield* terminal.keys("Enter")
      yield* terminal.waitFor(/Librarian \(\d of \d\)/)
      yield* terminal.keys("Up")
      yield* sidebar(/▼ Errands/)
    }))

  it.effect("line 2: at 90 columns the counts stand beside the prompt, and whoever needs a person before all else", () =>
    Effect.gen(function*() {
      const { post, terminal } = yield* Stage
      const { now, session } = yield* family
      yield* terminal.resize(90, 30)
      yield* terminal.waitFor((screen) => screen.includes("▲ 1 needs you") && !screen.includes("▼ Errands"))
      const me = { session, now }
      yield* post(
        session,
        board(me, [
          item(me, 1, { status: "running", session: "ses_1", started: 65 }),
          item(me, 2, { status: "running", session: "ses_2", started: 42 }),
          item(me, 3, { status: "pending", ahead: 0 })
        ])
      )
      yield* terminal.waitFor(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] 2 out · 1 in line · 1m\d\ds/)
      yield* terminal.resize(160, 45)
      yield* terminal.waitFor("▼ Errands")
    }))

  it.effect("line 5: the question of a task of a task is said to be shown, and is on the screen of every session", () =>
    Effect.gen(function*() {
      const { sidebar, terminal, waitSaid } = yield* Stage
      yield* family
      yield* waitSaid("errand.shown per_screen")
      yield* sidebar(/▲ Run the tests/, "needs you: bash npm test")
      yield* terminal.clickOn("Find the auth code")
      yield* terminal.waitFor(
        /^ {2}▲ Run the tests of everything .* \(@general\) asks: bash npm test · ctrl\+x o answers$/m
      )
      yield* terminal.keys("Up")
      yield* sidebar(/▼ Errands/)
    }))

  it.effect("line 5: what lets a task go on is never chosen beforehand", () =>
    Effect.gen(function*() {
      const { server, sidebar, tasks, terminal } = yield* Stage
      yield* family
      yield* sidebar(/▲ Run the tests/)
      yield* tasks
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("Allow once")
      yield* terminal.keys("Enter")
      // Opened, not allowed.
      yield* terminal.waitFor(/General \(\d of \d\)/)
      const replies = (yield* server.events).filter(({ type }) => type === "permission.replied")
      assert.deepStrictEqual(replies, [])
      yield* terminal.keys("Up")
      yield* sidebar(/▼ Errands/)
    }))

  it.effect("line 5: a question that comes while its task's dialog is open does not get below the hand", () =>
    Effect.gen(function*() {
      const { parent, post, server, show, sidebar, tasks, terminal } = yield* Stage
      const session = yield* parent
      yield* show(session)
      const child = yield* server.newSession("Errand 1 (@explore subagent)", session)
      const me = { session, now: yield* Clock.currentTimeMillis }
      const running = (rest: Schema.JsonObject) =>
        post(session, board(me, [item(me, 1, { status: "running", session: child, started: 3, ...rest })]))
      yield* running({})
      yield* sidebar(/Errand 1/)
      yield* tasks
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("Read result")
      yield* terminal.keys("Down")
      yield* running({ asks: [{ id: "per_late", what: "bash rm", at: me.now }] })
      const screen = yield* terminal.waitFor("▲ Errand 1")
      assert.notInclude(screen, "Allow once")
      yield* terminal.keys("Escape")
      yield* tasks
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("Allow once")
      yield* terminal.keys("Escape")
    }))

  it.effect("cancel asks once more, and then tells the server", () =>
    Effect.gen(function*() {
      const { said, sidebar, tasks, terminal, waitSaid } = yield* Stage
      yield* family
      yield* sidebar("Find the auth code")
      const choose = Effect.gen(function*() {
        yield* terminal.type("auth")
        yield* terminal.waitFor((screen) => !screen.includes("Needs you"))
        yield* terminal.keys("Enter")
        yield* terminal.waitFor("Read result")
        yield* terminal.type("cancel")
        yield* terminal.waitFor((screen) => !screen.includes("Read result"))
        yield* terminal.keys("Enter")
        yield* terminal.waitFor("Stop this task?")
      })
      yield* tasks
      yield* choose
      assert.notInclude(yield* said, "errand.cancel bg_00000001")
      // Who does not want that is back at the list.
      yield* terminal.keys("Left", "Enter")
      yield* terminal.waitFor("Filter tasks")
      assert.notInclude(yield* said, "errand.cancel bg_00000001")
      yield* choose
      yield* terminal.keys("Enter")
      yield* waitSaid("errand.cancel bg_00000001")
    }))

  it.effect("reads the last words of a task", () =>
    Effect.gen(function*() {
      const { server, sidebar, tasks, terminal } = yield* Stage
      const { children: [, , third = ""] } = yield* family
      yield* server.prompt(third, "say something")
      yield* sidebar("Read the OAuth docs")
      yield* tasks
      yield* terminal.type("OAuth")
      yield* terminal.waitFor((screen) => !screen.includes("Needs you"))
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("Read result")
      yield* terminal.keys("Down", "Enter")
      yield* terminal.waitFor((screen) =>
        /✓ completed · @librarian/.test(screen) && screen.includes("ACK say something")
      )
      yield* terminal.keys("Escape")
    }))

  it.effect("continue has the agent that launched it send it on", () =>
    Effect.gen(function*() {
      const { model, server, sidebar, tasks, terminal } = yield* Stage
      const { children: [, , third = ""], session } = yield* family
      // It plans now, and is to go on planning.
      yield* server.prompt(session, "plan it", { agent: "plan" })
      yield* sidebar("Read the OAuth docs")
      yield* tasks
      yield* terminal.type("OAuth")
      yield* terminal.waitFor((screen) => !screen.includes("Needs you"))
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("Read result")
      yield* terminal.type("contin")
      yield* terminal.waitFor((screen) => !screen.includes("Read result"))
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("What shall @librarian do next?")
      yield* terminal.type("now the new ones")
      yield* terminal.keys("Enter")
      yield* model.waitFor(({ messages, sessionID }) => {
        const text = JSON.stringify(messages.at(-1))
        return sessionID === session && text.includes("bg_00000004") && text.includes(third)
          && text.includes("now the new ones")
      }, { timeout: "45 seconds" })
      const said = (yield* server.messages(session)).findLast(({ info }) => info.role === "user")
      assert.deepInclude(said?.info, { role: "user", agent: "plan" })
    }))

  it.effect("line 11: escape leaves every screen of ours", () =>
    Effect.gen(function*() {
      const { sidebar, tasks, terminal } = yield* Stage
      yield* family
      yield* sidebar(/▲ Run the tests/)
      const isLeft = terminal.waitFor((screen) => !/Filter tasks|Read result|esc back|Cancel this/.test(screen))

      yield* tasks
      yield* terminal.keys("Escape")
      yield* isLeft

      yield* tasks
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("Read result")
      yield* terminal.keys("Escape")
      yield* isLeft

      yield* tasks
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("Read result")
      yield* terminal.type("read")
      yield* terminal.waitFor((screen) => !screen.includes("Copy id"))
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("@general · bg_00000002")
      yield* terminal.keys("Escape")
      yield* terminal.waitFor((screen) => !screen.includes("@general · bg_00000002"))

      yield* tasks
      yield* terminal.type("timeline")
      yield* terminal.waitFor((screen) => !screen.includes("Needs you"))
      yield* terminal.keys("Enter")
      yield* terminal.waitFor((screen) => screen.includes("Errands: timeline") && screen.includes("slots in use, of 2"))
      yield* terminal.keys("Escape")
      yield* sidebar(/▼ Errands/)
    }))

  it.effect("line 11: a fork of the session shows no tasks", () =>
    Effect.gen(function*() {
      const { server, show, sidebar, terminal } = yield* Stage
      const { session } = yield* family
      yield* server.prompt(session, "something to fork")
      yield* sidebar("Find the auth code")
      const { body } = yield* server.request("POST", `/session/${session}/fork`, {})
      const fork = typeof body === "object" && body !== null && "id" in body ? String(body["id"]) : "no fork"
      const copy = JSON.stringify((yield* server.request("GET", `/session/${fork}`)).body)
      // It has the board, and it is another's.
      assert.include(copy, "Find the auth code")
      yield* show(fork)
      yield* terminal.waitFor((screen) => screen.includes("something to fork") && !/Errands|needs you/.test(screen))
    }))

  it.effect("line 6: what is out on the board of a process that is gone is lost, and does not count on", () =>
    Effect.gen(function*() {
      const { post, sidebar, waitSaid } = yield* Stage
      const { now, session } = yield* family
      const me = { session, now: now - 15_000 }
      yield* post(session, full(me))
      yield* sidebar(/▼ Errands +3 lost/, /\? Find the auth code$/, "lost when OpenCode stopped")
      yield* waitSaid(`errand.hello ${session}`)
    }))

  it.effect("what has ended goes after a minute", () =>
    Effect.gen(function*() {
      const { parent, post, show, sidebar, terminal } = yield* Stage
      const session = yield* parent
      yield* show(session)
      const me = { session, now: yield* Clock.currentTimeMillis }
      yield* post(session, board(me, [item(me, 1, { status: "completed", started: 60, ended: 54 })]))
      yield* sidebar(/▼ Errands$/, /✓ Errand 1 +6s/)
      yield* terminal.waitFor((screen) => !screen.includes("Errands"))
    }))

  it.effect("line 10: with nothing out nothing is drawn", () =>
    Effect.gen(function*() {
      const { parent, post, show, sidebar, terminal } = yield* Stage
      const session = yield* parent
      yield* show(session)
      const me = { session, now: yield* Clock.currentTimeMillis }
      const drawnIn = (millis: number) =>
        Effect.gen(function*() {
          const before = yield* terminal.drawn
          yield* Effect.sleep(millis)
          return (yield* terminal.drawn) - before
        })
      yield* post(session, board(me, [item(me, 1, { status: "running", session: "ses_1", started: 3 })]))
      yield* sidebar(/▼ Errands +1 out$/)
      assert.isAbove(yield* drawnIn(2_000), 0)

      yield* post(session, board(me, [item(me, 1, { status: "completed", started: 120, ended: 100 })]))
      yield* terminal.waitFor((screen) => !screen.includes("Errands"))
      // Others may have something to take away from the screen, once. A timer would go on.
      yield* Effect.repeat(drawnIn(10_000), { until: (bytes) => bytes === 0, times: 3 })
      assert.strictEqual(yield* drawnIn(10_000), 0)
    }))
})

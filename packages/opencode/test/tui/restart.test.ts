/**
 * OpenCode is killed with tasks out and started again: what the screen shows then is true.
 */
import { assert, describe, it } from "@effect/vitest"
import { freePort, OpenCode, Script } from "@errand/lab"
import { Effect, Fiber } from "effect"
import { lastUser, place, words } from "../e2e/support/b.ts"
import { open, openLocal, sidebarOf, tuiPlugin, views } from "./support/stage.ts"

const seconds = (screen: string, label: string): number =>
  Number(new RegExp(`${label} +(\\d+)s`).exec(screen)?.[1] ?? Number.NaN)

/** Launches one task that works and one that stands in line: one after the other, as of two calls in one turn either may be first. */
const twoOut = Effect.fnUntraced(function*(
  { delegate, server, session, sidebar }:
    & Pick<Effect.Success<ReturnType<typeof open>>, "delegate" | "sidebar">
    & { readonly server: Pick<OpenCode.Connection, "idle">; readonly session: string }
) {
  yield* delegate(session, [
    { description: "At work", steps: [{ hang: true }], later: [{ gate: "again", say: "went on" }] }
  ])
  yield* sidebar(/1 out/, /At work/, /explore · thinks/)
  yield* server.idle(session)
  yield* delegate(session, [{ description: "In line", steps: [{ gate: "line", say: "was next" }] }])
  yield* sidebar(/1 out · 1 in line/, /At work/, /explore · thinks/, /◌ In line/)
})

/** Leaves one task at work and one in line behind; gives their parent. */
const killed = (here: Effect.Success<ReturnType<typeof place>>) =>
  Effect.scoped(Effect.gen(function*() {
    const { asked, delegate, server, show, sidebar } = yield* open(here)
    const session = yield* server.newSession("parent")
    yield* show(session)
    yield* twoOut({ delegate, server, session, sidebar })
    yield* asked(session)
    yield* server.kill("SIGKILL")
    yield* server.exited
    return session
  }))

/** Whose server others can attach to makes the plugin twice in one process, and only one of the two is ever spoken to. */
const terminals = [
  { args: ["-c"], which: "opencode -c" },
  { args: ["-c", "--port", "0"], which: "opencode -c --port 0, which makes the plugin twice" }
]

describe("after kill -9 and opencode -c", () => {
  for (const { args, which } of terminals) {
    it.live(`D8, line 6: what is kept in a journal goes on, and no ✓ stands before anything that has not ended (${which})`, () =>
      Effect.gen(function*() {
        const here = yield* place({ tui: { plugin: [tuiPlugin] }, settings: { defaultConcurrency: 1 } })
        yield* killed(here)
        const { sidebar, terminal } = yield* openLocal(here, { args })
        // It is shown for some seconds only.
        const said = yield* Effect.forkChild(
          terminal.waitFor("2 earlier tasks go on: At work, In line.", { timeout: "90 seconds" })
        )
        // It is there before the plugin in its server: what that will go on with is not lost meanwhile.
        const before: Array<string> = []
        const first = yield* terminal.waitFor((screen) => {
          before.push(screen)
          return /Errands +1 out · 1 in line/.test(screen)
        })
        assert.notInclude(sidebarOf(first), "✓")
        assert.notMatch(before.join("\n"), /lost/)
        yield* Fiber.join(said)
        // Who ran goes on first; who waited comes after it.
        yield* here.model.openGate("again")
        yield* sidebar(/Errands +1 out/, /In line/, /./, /✓ At work/)
        yield* here.model.openGate("line")
        yield* sidebar(/Errands$/, /✓/, /✓/)
        yield* terminal.waitFor((screen) => !/\d out/.test(screen))
      }))
  }

  it.live("line 6: where nobody knows of them any more each says that it is lost, and no time goes on", () =>
    Effect.gen(function*() {
      const here = yield* place({
        tui: { plugin: [tuiPlugin] },
        settings: { defaultConcurrency: 1, journal: "memory" }
      })
      yield* killed(here)
      const { sidebar, terminal } = yield* openLocal(here, { args: ["-c"] })
      const list = yield* sidebar(
        /Errands/,
        /At work/,
        /lost when OpenCode stopped/,
        /In line/,
        /lost when OpenCode stopped/
      )
      assert.notMatch(list, /✓|\d out|in line\b/)
      const before = seconds(list, "At work")
      yield* Effect.sleep("3 seconds")
      const after = seconds(yield* terminal.screen, "At work")
      assert.deepStrictEqual(after, before)
    }))
})

describe("after OpenCode has made its plugins anew, as it does when its configuration changes", () => {
  it.live("E8 D8 G6 in a terminal that listens (opencode --port): what was out goes on, is shown, and is told once", () =>
    Effect.gen(function*() {
      const here = yield* place({ tui: { plugin: [tuiPlugin] }, settings: { defaultConcurrency: 1 } })
      const { model, sandbox } = here
      const port = yield* freePort
      const { sidebar, terminal } = yield* openLocal(here, { args: ["--port", String(port)] })
      const server = yield* OpenCode.connect(sandbox, `http://127.0.0.1:${port}`)
      const { delegate, show } = views({ server, terminal })
      const { notices, told } = words({ model, server })
      const session = yield* server.newSession("parent")
      yield* show(session)
      yield* twoOut({ delegate, server, session, sidebar })
      yield* server.idle(session)

      yield* server.request("POST", "/global/dispose", {})
      yield* sidebar(/1 out · 1 in line/, /./, /explore · thinks/)
      yield* model.openGate("line")
      yield* model.openGate("again")
      yield* sidebar(/Errands$/, /✓/, /✓/)
      yield* server.promptAsync(session, Script.script([{ say: "I am back." }], { later: [{ say: "Thanks." }] }))
      yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      assert.lengthOf((yield* notices(session)).filter((text) => text.includes("ALL BACKGROUND")), 1)
      const wentOn = (yield* model.requests).filter((request) =>
        lastUser(request).includes("stopped and started again")
      )
      assert.lengthOf(wentOn, 1)
    }))
})

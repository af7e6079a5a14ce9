/**
 * Questions of tasks, on the real screen: whoever asks is seen, wherever the person is, and can be answered there. Notices
 * too: what is for people is on the screen, what is for the model is not.
 */
import { assert, layer } from "@effect/vitest"
import { Script, ScriptedModel, type Terminal } from "@errand/lab"
import { Effect } from "effect"
import { type Errand, live, Stage, stage } from "./support/stage.ts"

const ask = { permission: { bash: "ask" } }
const bash = (command: string): Script.Step => ({
  toolCalls: [{ name: "bash", args: { command, description: "Says it" } }]
})
const echo = (
  word: string
): ReadonlyArray<Script.Step> => [bash(`echo ${word}`), { say: "went on after: {{lastTool}}" }]

/** A task that sends one of its own, which asks for each command. */
const nested = (...words: ReadonlyArray<string>): Errand => ({
  description: "Outer errand",
  agent: "general",
  steps: [
    {
      toolCalls: [{
        name: "delegate_task",
        args: { description: "Inner errand", agent: "general", prompt: Script.script(echo(words.join(" && echo "))) }
      }]
    },
    { say: "launched" }
  ],
  later: [{ say: "heard: {{match:went on after.*}}" }]
})

const repliesIn = (events: ReadonlyArray<{ readonly type: string; readonly properties: Script.ToolCall["args"] }>) =>
  events.flatMap(({ properties, type }) => type === "permission.replied" ? [JSON.stringify(properties)] : [])

/** Allows what the first task of the open list asks for. */
const allowOnce = (terminal: Terminal.Terminal) =>
  terminal.keys("Enter").pipe(
    Effect.andThen(terminal.waitFor("Allow once")),
    Effect.andThen(terminal.keys("Down", "Enter"))
  )

layer(stage({ config: ask }), live)("what a task asks for", (it) => {
  it.effect("line 5: of the first level: its row and OpenCode's own prompt; an answer there lets it go on", () =>
    Effect.gen(function*() {
      const { delegate, parent, show, sidebar, terminal, told } = yield* Stage
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [{ description: "Build it", agent: "general", steps: echo("direct") }])
      yield* sidebar(/▲ Build it/, /needs you: bash "?echo direct/)
      yield* terminal.waitFor("Permission required")
      yield* terminal.keys("Enter")
      assert.include(yield* told(session, /ALL BACKGROUND TASKS COMPLETE/), "went on after: direct")
    }))

  it.effect("line 5: of a deeper level: seen in its root, not answered by an enter in the prompt, answered from /tasks", () =>
    Effect.gen(function*() {
      const { delegate, parent, server, show, sidebar, tasks, terminal, told } = yield* Stage
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [nested("deep")])
      yield* sidebar(/▲ Inner errand/, /needs you: bash "?echo deep/)
      yield* terminal.waitFor("▲ 1 needs you")
      const before = repliesIn(yield* server.events).length
      yield* terminal.type("are you there")
      yield* terminal.keys("Enter")
      yield* terminal.waitFor(/are you there[^]*Thanks\./)
      // Longer than a question waits for a screen to show it.
      yield* Effect.sleep("4 seconds")
      assert.lengthOf(repliesIn(yield* server.events), before)

      yield* tasks
      yield* allowOnce(terminal)
      yield* told(session, /went on after: deep/)
      assert.include(repliesIn(yield* server.events).at(-1), "once")
    }))

  it.effect("line 5: of a deeper level: seen in the session of another task, and answered there", () =>
    Effect.gen(function*() {
      const { delegate, parent, server, show, sidebar, tasks, terminal, told } = yield* Stage
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [nested("deeper")])
      yield* sidebar(/▲ Inner errand/)
      yield* terminal.clickOn("Outer errand  ")
      yield* terminal.waitFor(/▲ Inner errand \(@general\) asks: bash "?echo deeper"? · ctrl\+x o answers/)
      yield* tasks
      yield* terminal.keys("Enter")
      yield* terminal.waitFor("Allow once")
      yield* terminal.type("reject")
      yield* terminal.waitFor((screen) => !screen.includes("Allow once"))
      yield* terminal.keys("Enter")
      yield* server.waitFor(
        ({ properties, type }) => type === "permission.replied" && properties["reply"] === "reject",
        { timeout: "45 seconds" }
      )
      // Told so, and not stopped by it.
      yield* told(session, /heard: went on after: .*The person who was asked did not allow this\./)
    }))

  it.effect("line 5: what is allowed always is more than what is asked, and is said before anything is allowed", () =>
    Effect.gen(function*() {
      const { delegate, parent, server, show, sidebar, tasks, terminal, told } = yield* Stage
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [nested("once")])
      yield* sidebar(/▲ Inner errand/)
      const before = repliesIn(yield* server.events).length
      yield* tasks
      yield* terminal.keys("Enter")
      yield* terminal.waitFor(/Allow always bash echo \*/)
      yield* terminal.keys("Down", "Down", "Enter")
      yield* terminal.waitFor(
        /Allow always\?[^]*This will allow bash echo \*, by every[^]*until OpenCode is restarted/
      )
      assert.lengthOf(repliesIn(yield* server.events), before)
      yield* terminal.keys("Escape")
      yield* terminal.waitFor((screen) => !screen.includes("Allow always?"))
      yield* tasks
      yield* allowOnce(terminal)
      yield* told(session, /went on after: once/)
    }))

  it.effect("line 5: from another session it is seen in /tasks, and answered there", () =>
    Effect.gen(function*() {
      const { delegate, parent, server, show, sidebar, tasks, terminal, told } = yield* Stage
      const [session, other] = [yield* parent, yield* parent]
      yield* show(session)
      yield* delegate(session, [nested("elsewhere")])
      yield* sidebar(/▲ Inner errand/)
      yield* show(other)
      yield* tasks
      yield* terminal.waitFor(/Needs you, in another session[^]*▲ Inner errand/)
      yield* allowOnce(terminal)
      yield* told(session, /went on after: elsewhere/)
      assert.include(repliesIn(yield* server.events).at(-1), "once")
    }))

  it.effect("line 5: of what no board can carry only the beginning is shown before it is allowed, and that is said", () =>
    Effect.gen(function*() {
      const { delegate, parent, show, sidebar, tasks, terminal } = yield* Stage
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [nested(...["a", "b", "c", "d", "e", "f"].map((word) => word.repeat(100)))])
      yield* sidebar(/▲ Inner errand/)
      yield* tasks
      yield* terminal.waitFor(/▲ Inner errand .* bash echo a+…/)
      yield* terminal.keys("Enter")
      yield* terminal.waitFor(/Allow once bash echo a+…/)
      yield* terminal.keys("Down", "Enter")
      yield* terminal.waitFor(/Allow once\?[^]*e+…[^]*open the task's session to read the rest/)
    }))

  it.effect("line 5: nothing is allowed that was not on the screen before", () =>
    Effect.gen(function*() {
      const { delegate, parent, server, show, sidebar, tasks, terminal, told } = yield* Stage
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [nested(...["a", "b", "c"].map((word) => word.repeat(40)), "the-end-of-it")])
      yield* sidebar(/▲ Inner errand/)
      const before = repliesIn(yield* server.events).length
      yield* tasks
      // What is cut says so, at every width.
      yield* terminal.waitFor(/▲ Inner errand .* bash echo a+… +\d+s/)
      yield* terminal.resize(80, 30)
      yield* terminal.waitFor(/^.{0,8}▲ Inner errand .* bash echo a+… +\d+s/m)
      yield* terminal.resize(160, 45)
      yield* terminal.keys("Enter")
      yield* terminal.waitFor(/Allow once bash echo a+, echo b+…/)
      yield* terminal.keys("Down", "Enter")
      yield* terminal.waitFor(/Allow once\?[^]*c{40}, echo the-end-of-it/)
      assert.lengthOf(repliesIn(yield* server.events), before)
      yield* terminal.keys("Enter")
      yield* told(session, /went on after: a+/)
      assert.include(repliesIn(yield* server.events).at(-1), "once")
    }))

  it.effect("line 7: of a notice the line for people is on the screen, and not the text; the model gets the text only", () =>
    Effect.gen(function*() {
      const { delegate, model, parent, show, terminal, told } = yield* Stage
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [{ description: "Find the docs", steps: [{ say: "here they are" }] }])
      yield* told(session, /ALL BACKGROUND TASKS COMPLETE/)
      const screen = yield* terminal.waitFor(/✓ .*Find the docs · @explore · \d/)
      assert.notMatch(screen, /ALL BACKGROUND TASKS|system-reminder|here they are/)
      const last = (yield* model.requests).findLast(({ sessionID }) => sessionID === session)
      const read = last?.messages.map(ScriptedModel.textOf).join("\n") ?? ""
      assert.include(read, "ALL BACKGROUND TASKS COMPLETE")
      assert.notInclude(read, "· @explore ·")
    }))
})

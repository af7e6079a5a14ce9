/**
 * The line of tasks, as a person sees it beside the conversation: who runs, who waits, for which limit.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { conversationOf, type Errand, live, Stage, stage } from "./support/stage.ts"

const gated = (gate: string, description: string): Errand => ({
  description,
  steps: [{ gate, say: `done: ${description}` }],
  args: { model: "fake/m2" }
})

layer(stage({ settings: { modelConcurrency: { "fake/m2": 2 } } }), live)("a queue, at 160 columns", (it) => {
  it.effect("line 1: three launches at a limit of two are two spinners, one that is 1st in line, and a full pool", () =>
    Effect.gen(function*() {
      const { delegate, model, parent, show, sidebar, terminal } = yield* Stage
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [gated("a", "Find the auth code"), gated("b", "Run the tests"), gated("c", "Review it")])
      yield* sidebar(
        /▼ Errands +2 out · 1 in line/,
        /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] Find the auth code +\d+s/,
        /explore/,
        /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] Run the tests +\d+s/,
        /explore/,
        /◌ Review it +\d+s/,
        /1st in line · fake\/m2 2\/2/
      )
      yield* terminal.waitFor(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] 2 out · 1 in line · \d+s/)

      yield* model.openGate("a")
      yield* sidebar(
        /▼ Errands +2 out$/,
        /Run the tests/,
        /explore/,
        /Review it/,
        /explore/,
        /✓ Find the auth code +\d+s/
      )
      yield* model.openGate("b")
      yield* sidebar(/▼ Errands +1 out$/, /Review it/, /explore/, /✓ Run the tests/, /✓ Find the auth code/)
      yield* model.openGate("c")
      const last = yield* sidebar(/▼ Errands$/, /✓ Review it/, /✓ Run the tests/, /✓ Find the auth code/)
      assert.notMatch(last, /out|in line/)
      yield* terminal.waitFor((screen) => / m1 fake *$/m.test(conversationOf(screen)), {
        what: "nothing beside the prompt, between its model and the sidebar"
      })
    }))
})

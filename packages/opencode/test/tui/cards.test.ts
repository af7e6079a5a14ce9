/**
 * Cards in OpenCode's real terminal, without the terminal's half of the plugin: how they are drawn rests on what OpenCode
 * does with a tool of its own, which is written down nowhere. On a new version this is what tells whether they may be made.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Errand, make } from "./support/stage.ts"

const wall = "Look everywhere, and then look again. "

/** With a prompt of some 3,000 characters. */
const gated = (gate: string, description: string, model: string, fail?: { readonly status: number }): Errand => ({
  description,
  steps: [fail === undefined ? { gate, say: `done: ${description}` } : { gate, fail }],
  args: { model, notes: wall.repeat(80) }
})

const spinner = "[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]"

for (const width of [160, 90]) {
  describe(`live cards, at ${width} columns`, () => {
    it.live("spin, wait in line, turn ✓ and red, and no wall of text is left", () =>
      Effect.gen(function*() {
        const { delegate, model, parent, show, terminal } = yield* make({
          settings: { modelConcurrency: { "fake/m2": 1 } },
          tui: {},
          width
        })
        const session = yield* parent
        yield* show(session)
        yield* delegate(session, [
          gated("a", "Find the auth code", "fake/m2"),
          gated("b", "Review it", "fake/m2"),
          gated("c", "Run the tests", "fake/m3", { status: 401 }),
          { ...gated("d", "Ask the wrong one", "fake/m3"), args: { agent: "nobody", notes: wall.repeat(80) } }
        ])
        // Nobody was sent: that is one line, too, and says why.
        yield* terminal.waitFor(
          /delegate_task \[description=Ask the wrong one · not sent, agent=nobody,\s+why=Unknown\s+agent: "nobody"/
        )
        yield* terminal.waitFor(new RegExp(`${spinner} Explore Task \\(background\\) — Find the auth code`))
        yield* terminal.waitFor(
          /delegate_task \[description=Review it, agent=explore, waits=1st in line for\s+fake\/\s*m2\]/
        )
        const out = yield* terminal.waitFor(new RegExp(`${spinner} Explore Task \\(background\\) — Run the tests`))
        assert.notInclude(out, wall.trim())

        yield* model.openGate("a")
        yield* terminal.waitFor(/✓ Explore Task — Find the auth code\s+↳ \d/)
        yield* terminal.waitFor(new RegExp(`${spinner} Explore Task \\(background\\) — Review it`))
        yield* model.openGate("c")
        // Its reason is in the line below, and there is nothing that looks done.
        yield* terminal.waitFor("✗ Run the tests · @explore · scripted error 401")
        yield* terminal.waitFor("│ Explore Task — Run the tests · failed")
        yield* model.openGate("b")
        const last = yield* terminal.waitFor(/✓ Explore Task — Review it/)
        assert.notInclude(last, wall.trim())
      }))
  })
}

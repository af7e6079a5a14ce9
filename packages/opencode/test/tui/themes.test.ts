/**
 * Everything that is shown can be read, in the dark and in the light, and changes with the theme.
 */
import { assert, layer } from "@effect/vitest"
import { Cells } from "@errand/lab"
import { Clock, Effect } from "effect"
import { full } from "./support/boards.ts"
import { live, Stage, stage } from "./support/stage.ts"

/** The runs of the lines that hold one of these. */
const runsWith = (screen: ReadonlyArray<ReadonlyArray<Cells.Run>>, wanted: ReadonlyArray<string>) =>
  screen.filter((line) => wanted.some((text) => line.map((run) => run.text).join("").includes(text)))
    .flatMap((line) => line.filter(({ column, text }) => column >= 118 && text.trim() !== ""))

const ours = [
  "Errands",
  "Run the tests",
  "needs you",
  "Find the auth",
  "explore ·",
  "Review the",
  "1st in line",
  "Read the OAuth"
]

layer(stage({ plugins: [] }), live)("colours", (it) => {
  it.effect("line 11: the list is readable in the dark and in the light, and follows a change of theme", () =>
    Effect.gen(function*() {
      const { parent, post, show, sidebar, terminal } = yield* Stage
      const session = yield* parent
      yield* show(session)
      const look = Effect.gen(function*() {
        // Written anew, so that it does not count as lost.
        yield* post(session, full({ session, now: yield* Clock.currentTimeMillis }))
        yield* sidebar(/Find the auth code +1m/)
        yield* sidebar(/1st in line/)
        return runsWith(Cells.parse(yield* terminal.ansi), ours)
      })
      const readable = (runs: ReadonlyArray<Cells.Run>) => {
        assert.isAtLeast(runs.length, 12)
        for (const { bg = "#000000", fg = "#ffffff", text } of runs) {
          // A mark has a shape too, and some themes' own warning is pale in the light.
          const wanted = text.trim().length === 1 ? 2.5 : 3
          assert.isAtLeast(Cells.contrast(fg, bg), wanted, `${text} ${fg} on ${bg}`)
        }
      }
      const choose = Effect.fnUntraced(function*(command: string, rest: Effect.Effect<unknown, unknown>) {
        yield* terminal.keys("C-p")
        yield* terminal.waitFor("Search")
        yield* terminal.type(command)
        yield* Effect.sleep("500 millis")
        yield* terminal.keys("Enter")
        yield* rest
      })
      const dark = yield* look
      readable(dark)
      yield* choose("light mode", terminal.waitFor((screen) => !screen.includes("Search")))
      yield* Effect.sleep("1 second")
      const light = yield* look
      readable(light)
      assert.notStrictEqual(light[0]?.bg, dark[0]?.bg)
      assert.notDeepEqual(light.map(({ fg }) => fg), dark.map(({ fg }) => fg))
    }))
})

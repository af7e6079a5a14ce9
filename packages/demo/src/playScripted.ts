/**
 * The story with the scripted model: the same each time, and checked to the last detail.
 */
import { Effect } from "effect"
import * as Checks from "./checks.ts"
import * as Evidence from "./Evidence.ts"
import { asking, closing, ready, starting } from "./opening.ts"
import type { Screen } from "./Screen.ts"
import * as Script from "./script.ts"
import * as Stage from "./stage.ts"
import * as Story from "./Story.ts"
import { lookOf, tell } from "./tell.ts"
import { saving } from "./timeline.ts"
import * as Way from "./way.ts"

const isOver = (story: Story.Story): boolean =>
  Story.idleSince(story) !== undefined && Story.out(story).length === 0
  && story.beats.some((beat) => beat._tag === "Said" && beat.text.includes(Script.closing))

/** Gives the exit code. */
export const play = Effect.fn("playScripted")(function*(screen: Screen) {
  const what = `OpenCode ${Stage.opencodeVersion} in a sandbox`
  const { model, server } = yield* starting(screen, what, Stage.scripted, Way.usually)
  const root = yield* server.newSession("Errand's demo")
  yield* screen.show([
    ...ready(screen, "Model", `a scripted one plays all agents: no key, no network. The rest is real`),
    ...ready(screen, "Plugin", Stage.pluginLine(Script.provider)),
    ...asking(screen, Script.request)
  ])
  const pool = { name: Script.provider, size: Stage.limit }
  const told = yield* tell(
    { screen, server, root, pool, isOver, timeLimit: 90_000 },
    server.promptAsync(root, Script.prompt, { model: `${Script.mainProvider}/${Script.mainModel}` })
  )
  yield* Effect.ignore(server.idle(root, "5 seconds"))
  const evidence = yield* Evidence.gather({ server, root, model: { log: model, limited: Script.crewModel } })
  const checks = Checks.scripted(evidence, told, saving(told.story), {
    limit: Stage.limit,
    pieces: Script.pieces
  })
  yield* screen.show(closing(lookOf(screen, pool), told, checks, "OpenCode's own records and the model's log"))
  return checks.every(({ ok }) => ok) ? 0 : 1
})

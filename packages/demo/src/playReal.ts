/**
 * The story with the user's own OpenCode configuration and a real model, which is asked for it in words.
 */
import { Effect } from "effect"
import * as Checks from "./checks.ts"
import * as Evidence from "./Evidence.ts"
import { asking, closing, ready, starting } from "./opening.ts"
import type { Screen } from "./Screen.ts"
import * as Stage from "./stage.ts"
import * as Story from "./Story.ts"
import { lookOf, tell } from "./tell.ts"
import * as Words from "./words.ts"

/** A model may stop before the last step: when nothing has happened for so long, nothing will. */
const quietMs = 10_000

const isOver = (story: Story.Story, now: number): boolean => {
  const since = Story.idleSince(story)
  if (since === undefined || Story.out(story).length > 0) return false
  const last = story.beats.findLast((beat) => beat._tag === "Said")
  return (last?._tag === "Said" && last.text.includes(Words.closing)) || now - since > quietMs
}

/** Gives the exit code. */
export const play = Effect.fn("playReal")(function*(screen: Screen, provider: string, model: string) {
  const server = yield* starting(
    screen,
    `OpenCode ${Stage.opencodeVersion} with your configuration`,
    Stage.real(provider, model)
  )
  const root = yield* server.newSession("Errand's demo")
  yield* screen.show([
    ...ready(screen, "Model", `${provider}/${model}; the agents use it too, unless you configured another for them`),
    ...ready(screen, "Project", "a sample in a temporary folder; the agents may read it, and nothing else"),
    ...ready(screen, "Plugin", Stage.pluginLine(provider)),
    ...asking(screen, Words.request)
  ])
  const pool = { name: provider, size: Stage.limit }
  const told = yield* tell(
    { screen, server, root, pool, isOver, timeLimit: 600_000 },
    server.promptAsync(root, Words.prompt, { model: `${provider}/${model}` })
  )
  const evidence = yield* Evidence.gather({ server, root })
  const checks = Checks.real(evidence, told, Stage.limit)
  yield* screen.show(closing(lookOf(screen, pool), told, checks, "OpenCode's own records"))
  return checks.every(({ ok }) => ok) ? 0 : 1
})

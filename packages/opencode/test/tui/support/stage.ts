/**
 * OpenCode's real terminal in a tmux, with both halves of the built plugin and a scripted model behind them. Most stages
 * are a terminal that is attached to a server: what the agents do is told to the server as in the other tests, what a
 * person sees is read from the screen.
 */

import { OpenCode, Script, Terminal } from "@errand/lab"
import { Context, Effect, Layer, type Schema } from "effect"
import { fileURLToPath, pathToFileURL } from "node:url"
import { type Options as PlaceOptions, place, words } from "../../e2e/support/b.ts"
import { callOf, type Errand } from "../../e2e/support/world.ts"

export { callOf, type Errand } from "../../e2e/support/world.ts"

/** The terminal's half, built. */
export const tuiBundle = fileURLToPath(new URL("../../../dist/tui.js", import.meta.url))
export const tuiPlugin = pathToFileURL(tuiBundle).href

export interface Options extends PlaceOptions {
  /** Columns. Default 160: the sidebar needs more than 120. */
  readonly width?: number
  readonly height?: number
}

export const make = Effect.fnUntraced(function*({ height, width, ...options }: Options = {}) {
  const here = yield* place({ tui: { plugin: [tuiPlugin] }, ...options })
  return { ...here, ...yield* open(here, { height, width }) }
})

type Place = Effect.Success<ReturnType<typeof place>>

export interface Window {
  readonly width?: number | undefined
  readonly height?: number | undefined
}

/** Starts the server (once more) in a place that is there, and opens a terminal on it. */
export const open = Effect.fnUntraced(function*({ model, sandbox }: Place, { height = 45, width = 160 }: Window = {}) {
  const server = yield* OpenCode.serve(sandbox)
  const terminal = yield* Terminal.open(sandbox, { args: ["attach", server.url], height, width })
  yield* terminal.waitFor("ctrl+p", { timeout: "90 seconds", what: "OpenCode" })
  return { server, terminal, ...words({ model, server }), ...views({ server, terminal }) }
})

/** Opens a terminal with a server of its own, as most people do. Nothing can be asked but by its keys. */
export const openLocal = Effect.fnUntraced(function*(
  { sandbox }: Pick<Place, "sandbox">,
  { args = [], height = 45, width = 160 }: Window & { readonly args?: ReadonlyArray<string> } = {}
) {
  const terminal = yield* Terminal.open(sandbox, { args, height, width })
  yield* terminal.waitFor("ctrl+p", { timeout: "90 seconds", what: "OpenCode" })
  return { terminal, sidebar: sidebarIn(terminal) }
})

/** Waits until the sidebar shows these lines one below the other (each as a part of its line). */
const sidebarIn = (terminal: Terminal.Terminal) => (...lines: ReadonlyArray<string | RegExp>) =>
  Effect.map(
    terminal.waitFor((screen) => standsIn(sidebarOf(screen), lines), {
      what: `in the sidebar:\n${lines.map(String).join("\n")}`
    }),
    sidebarOf
  )

/** What a person does and sees. */
export const views = ({ server, terminal }: {
  readonly server: OpenCode.Connection
  readonly terminal: Terminal.Terminal
}) => {
  /** Shows a session, as if it had been chosen from the list. */
  const show = Effect.fnUntraced(function*(session: string) {
    yield* server.request("POST", "/tui/select-session", { sessionID: session })
    yield* terminal.waitFor((screen) => !screen.includes("█▀▀█"), { what: "a session" })
    // It is being read now, and what is written to it meanwhile may be missed: nothing on the screen tells when that is over.
    yield* Effect.sleep("500 millis")
  })
  const sidebar = sidebarIn(terminal)
  /** Has the agent of a session launch tasks, all in one turn, and does not wait for it. */
  const delegate = (session: string, errands: ReadonlyArray<Errand>, after = "launched") =>
    server.promptAsync(session, scriptOf(errands, after))
  /** Writes a board where the server's half would. */
  const post = (session: string, board: Schema.JsonObject) =>
    server.request("PATCH", `/session/${session}`, { metadata: { errand: { board } } })
  /** What the terminal's half has said to the server's. */
  const said = Effect.map(
    server.events,
    (events) =>
      events.flatMap(({ properties, type }) => type === "tui.command.execute" ? [String(properties["command"])] : [])
  )
  const waitSaid = (command: string) =>
    server.waitFor(({ properties, type }) => type === "tui.command.execute" && properties["command"] === command, {
      timeout: "45 seconds",
      what: command
    })
  /** Opens the list of tasks by its key. */
  const tasks = Effect.andThen(terminal.keys("C-x", "o"), terminal.waitFor("Filter tasks"))
  return { delegate, post, said, show, sidebar, tasks, waitSaid }
}

/** What stands left of the sidebar at 160 columns, and all of a narrower screen. */
export const conversationOf = (screen: string): string =>
  screen.split("\n").map((line) => line.slice(0, 116).trimEnd()).join("\n")

/** What stands right of the conversation at 160 columns. */
export const sidebarOf = (screen: string): string =>
  screen.split("\n").map((line) => line.slice(118).trimEnd()).join("\n")

/** Whether a text has lines that hold these, one directly below the other. */
export const standsIn = (text: string, wanted: ReadonlyArray<string | RegExp>): boolean => {
  const lines = text.split("\n")
  const holds = (line: string | undefined, part: string | RegExp) =>
    line !== undefined && (typeof part === "string" ? line.includes(part) : part.test(line))
  return lines.some((_, at) => wanted.every((part, index) => holds(lines[at + index], part)))
}

const scriptOf = (errands: ReadonlyArray<Errand>, after: string): string => {
  const calls = errands.map((errand, index) => callOf({ description: `Errand ${index + 1}`, ...errand }))
  return Script.script([{ toolCalls: calls }, { say: after }], {
    later: Array.from({ length: 20 }, () => ({ say: "Thanks." }))
  })
}

export class Stage extends Context.Service<Stage, Effect.Success<ReturnType<typeof make>>>()("errand/tui/Stage") {}

/** One terminal for all cases of a suite. */
export const stage = (options?: Options) => Layer.effect(Stage, make(options))

/** As a suite's second argument of `layer`: the tests run on the real clock. */
export const live = { excludeTestServices: true, timeout: "180 seconds" } as const

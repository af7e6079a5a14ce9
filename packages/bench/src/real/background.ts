/**
 * Agents in the background on a real OpenCode, with Errand or with OpenCode's own flag: how soon a parent hears of an end,
 * and how many work at once.
 */
import { OpenCode, Script, type ScriptedModel } from "@errand/lab"
import { Effect, type Scope } from "effect"
import { median } from "../Figure.ts"
import type { BenchError } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import type { Peer } from "../peers/Peer.ts"
import { broken, make } from "./Place.ts"

/** Who sends agents to the background, and how the agent of a parent asks for it. */
export interface Sender {
  /** In tables. */
  readonly title: string
  /** The plugin, where it takes one. */
  readonly peer: Peer | undefined
  /** Of OpenCode's environment. */
  readonly env: Readonly<Record<string, string>>
  readonly call: (description: string, prompt: string) => Script.ToolCall
}

export const withErrand: Sender = {
  title: errand.title,
  peer: errand,
  env: {},
  call: (description, prompt) => ({
    name: "delegate_task",
    args: { description, prompt, agent: "explore", background: true }
  })
}

export const withFlag: Sender = {
  title: "OpenCode's own background flag",
  peer: undefined,
  env: { OPENCODE_EXPERIMENTAL_BACKGROUND_SUBAGENTS: "true" },
  call: (description, prompt) => ({
    name: "task",
    args: { description, prompt, subagent_type: "explore", background: true }
  })
}

export interface Found {
  /** From the idle event of a child to the first event of the message that its parent was sent, in the middle (ms). */
  readonly told: number
  /** The most children at work at the same time. */
  readonly most: number
}

interface World {
  readonly model: ScriptedModel.ScriptedModel
  readonly server: OpenCode.OpenCodeServer
  readonly sender: Sender
}

const rounds = 4
/** More than Errand lets in: five, unless it is told otherwise. */
export const crowd = 8
const patience = { timeout: "30 seconds" } as const

/** What parents say to what they are told. */
const thanks = Array.from({ length: crowd }, () => ({ say: "Thanks." }))

/** Makes the agent of a new session launch so many, which all wait at the gate that has the session's name. */
const launch = Effect.fnUntraced(function*({ sender, server }: World, count: number) {
  const parent = yield* server.newSession("parent")
  const prompt = Script.script([{ gate: parent, say: "done" }])
  const toolCalls = Array.from({ length: count }, (_, nth) => sender.call(`Look ${nth + 1}`, prompt))
  yield* server.prompt(parent, Script.script([{ toolCalls }, { say: "Going on." }], { later: thanks }))
  return parent
})

/** One end, and how soon its parent hears of it (ms). */
const round = Effect.fnUntraced(function*(world: World) {
  const { model, server } = world
  const parent = yield* launch(world, 1)
  const request = yield* model.waitFor(({ parentSessionID }) => parentSessionID === parent, patience)
  const [asked] = yield* server.messages(parent)
  yield* model.openGate(parent)
  const idle = yield* server.waitFor(
    ({ properties, type }) => type === "session.idle" && properties["sessionID"] === request.sessionID,
    patience
  )
  const told = yield* server.waitFor(({ properties, type }) => {
    const { info, sessionID } = properties
    return type === "message.updated" && sessionID === parent && typeof info === "object" && info !== null &&
      "role" in info && info["role"] === "user" && info["id"] !== asked?.info.id
  }, patience)
  yield* server.idle(parent)
  return told.at - idle.at
})

/** The most that are at work at once of a crowd that is launched in one turn. */
const most = Effect.fnUntraced(function*(world: World) {
  const { model, server } = world
  const parent = yield* launch(world, crowd)
  // As long as it takes for somebody to come who is going to.
  yield* Effect.sleep("1500 millis")
  const found = yield* model.maxInFlight(({ parentSessionID }) => parentSessionID === parent)
  yield* model.openGate(parent)
  yield* server.idle(parent)
  return found
})

export const background = (sender: Sender): Effect.Effect<Found, BenchError, Scope.Scope> =>
  Effect.gen(function*() {
    const { model, sandbox } = yield* make(sender.peer, sender.env)
    const server = yield* OpenCode.serve(sandbox)
    const world: World = { model, server, sender }
    // The first one finds everything cold.
    yield* round(world)
    const all = yield* Effect.forEach(Array.from({ length: rounds }), () => round(world))
    return { told: median(all), most: yield* most(world) }
  }).pipe(
    Effect.catchTag(
      ["StartError", "BinaryNotFound", "SpawnError", "RequestError", "WaitTimeout"],
      (cause) => Effect.fail(broken(`${sender.title}, on a real OpenCode`)(cause))
    )
  )

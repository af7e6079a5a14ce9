/**
 * What is known of sessions without asking: their parents, their rules, and who they talk with at the moment.
 *
 * OpenCode tells all of this in events; what was missed is asked for. A parent is told its news in the agent and model
 * that it uses now, and these change with every message of the user.
 */
import { type AgentHost, Task } from "@errand/core"
import { Context, Effect, Layer, Option } from "effect"
import * as Memory from "../Memory.ts"
import { Client } from "./Client.ts"
import { Feed } from "./Feed.ts"
import { isNobody, type Voice, voiceOf } from "./voice.ts"
import type { Event, PermissionRule, SessionInfo } from "./wire.ts"

type Rules = ReadonlyArray<typeof PermissionRule.Type>

export interface Known {
  readonly parent: Task.SessionId | undefined
  readonly permission: Rules
}

type Lookup<A> = Effect.Effect<A, AgentHost.HostError | AgentHost.SessionGone>

export class Sessions extends Context.Service<Sessions, {
  readonly get: (session: Task.SessionId) => Lookup<Known>
  /** The agent and model that the session uses now. */
  readonly voice: (session: Task.SessionId) => Lookup<Voice>
  /** A message was sent in a session by this voice. One that says of nobody who it is changes nothing. */
  readonly spoke: (session: Task.SessionId, voice: Voice) => Effect.Effect<void>
}>()("opencode-errand/Sessions") {
  static readonly layer: Layer.Layer<Sessions, never, Client | Feed> = Layer.effect(
    Sessions,
    Effect.suspend(() => make)
  )
}

/** More than a person opens, and little memory. */
const remembered = 1024

/** OpenCode's own helpers speak in a session without being who the user talks with. */
const helpers = new Set(["compaction", "title", "summary"])

const make = Effect.gen(function*() {
  const client = yield* Client
  const feed = yield* Feed
  const known = Memory.make<Task.SessionId, Known>(remembered)
  const voices = Memory.make<Task.SessionId, Voice>(remembered)

  /** Most sessions have the same rules as some other: these are kept once. */
  const rules = Memory.make<string, Rules>(remembered)
  const once = (permission: Rules): Rules => {
    const key = JSON.stringify(permission)
    return Option.getOrElse(rules.get(key), () => {
      rules.set(key, permission)
      return permission
    })
  }

  const learn = ({ id, parentID, permission }: SessionInfo): Known => {
    const parent = parentID === undefined || parentID === null ? undefined : Task.SessionId.make(parentID)
    const value: Known = { parent, permission: once(permission ?? []) }
    known.set(Task.SessionId.make(id), value)
    return value
  }

  /** What is told again of a session is mostly something else about it. */
  const isKnown = ({ id, parentID, permission }: SessionInfo): boolean => {
    const before = known.get(Task.SessionId.make(id))
    return Option.isSome(before) && before.value.parent === (parentID ?? undefined) &&
      JSON.stringify(before.value.permission) === JSON.stringify(permission ?? [])
  }

  const spoke = (session: Task.SessionId, voice: Voice) =>
    Effect.sync(() => {
      if (!isNobody(voice) && !helpers.has(voice.agent ?? "")) voices.set(session, voice)
    })

  const hear = ({ properties, type }: Event): Effect.Effect<unknown> | undefined => {
    switch (type) {
      case "session.created":
      case "session.updated":
        return isKnown(properties.info) ? undefined : Effect.sync(() => learn(properties.info))
      case "session.deleted": {
        const session = Task.SessionId.make(properties.info.id)
        return Effect.sync(() => {
          known.remove(session)
          voices.remove(session)
        })
      }
      default:
        return undefined
    }
  }
  yield* feed.listen(hear)

  /** The last message of a user, as the transcript has it: only where no message was seen since the plugin runs. */
  const lastVoice = Effect.fnUntraced(function*(session: Task.SessionId) {
    const transcript = yield* client.messages(session, 20)
    const last = transcript.findLast(({ info, parts }) =>
      info.role === "user" && !helpers.has(info.agent ?? "") && !parts.some(({ type }) => type === "compaction")
    )
    const voice = voiceOf(last?.info ?? {})
    yield* spoke(session, voice)
    return voice
  })

  const recall =
    <A>(memory: Memory.Memory<Task.SessionId, A>, lookup: (session: Task.SessionId) => Lookup<A>) =>
    (session: Task.SessionId): Lookup<A> =>
      Effect.suspend(() =>
        Option.match(memory.get(session), { onNone: () => lookup(session), onSome: (value) => Effect.succeed(value) })
      )

  return Sessions.of({
    get: recall(known, (session) => Effect.map(client.session(session), learn)),
    voice: recall(voices, lastVoice),
    spoke
  })
})

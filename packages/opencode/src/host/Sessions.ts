/**
 * What is known of sessions without asking: their parents, their rules, and who they talk with at the moment.
 *
 * OpenCode tells all of this in events; what was missed is asked for. A parent is told its news in the agent and model
 * that it uses now, and these change with every message of the user.
 */
import { type AgentHost, Task } from "@errand/core"
import { Context, Effect, HashMap, Layer, Option, Ref } from "effect"
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

/** More than a person opens, and little memory. When it is full it begins anew, and what was known is asked for again. */
const remembered = 1024

/** OpenCode's own helpers speak in a session without being who the user talks with. */
const helpers = new Set(["compaction", "title", "summary"])

const make = Effect.gen(function*() {
  const client = yield* Client
  const feed = yield* Feed
  const known = yield* Ref.make(HashMap.empty<Task.SessionId, Known>())
  const voices = yield* Ref.make(HashMap.empty<Task.SessionId, Voice>())

  const remember = <A>(ref: Ref.Ref<HashMap.HashMap<Task.SessionId, A>>, session: Task.SessionId, value: A) =>
    Ref.update(ref, (all) => HashMap.set(HashMap.size(all) < remembered ? all : HashMap.empty(), session, value))

  /** Most sessions have the same rules as some other: these are kept once. */
  const rules = yield* Ref.make(HashMap.empty<string, Rules>())
  const once = (permission: Rules) =>
    Ref.modify(rules, (all): readonly [Rules, HashMap.HashMap<string, Rules>] => {
      const key = JSON.stringify(permission)
      const same = HashMap.get(all, key)
      if (Option.isSome(same)) return [same.value, all]
      return [permission, HashMap.set(HashMap.size(all) < remembered ? all : HashMap.empty(), key, permission)]
    })

  const learn = ({ id, parentID, permission }: SessionInfo) =>
    Effect.flatMap(once(permission ?? []), (permission) => {
      const parent = parentID === undefined || parentID === null ? undefined : Task.SessionId.make(parentID)
      const value: Known = { parent, permission }
      return Effect.as(remember(known, Task.SessionId.make(id), value), value)
    })

  /** What is told again of a session is mostly something else about it. */
  const isKnown = ({ id, parentID, permission }: SessionInfo): boolean => {
    const before = HashMap.get(Ref.getUnsafe(known), Task.SessionId.make(id))
    return Option.isSome(before) && before.value.parent === (parentID ?? undefined) &&
      JSON.stringify(before.value.permission) === JSON.stringify(permission ?? [])
  }

  const spoke = (session: Task.SessionId, voice: Voice) =>
    isNobody(voice) || helpers.has(voice.agent ?? "") ? Effect.void : remember(voices, session, voice)

  const hear = ({ properties, type }: Event): Effect.Effect<unknown> | undefined => {
    switch (type) {
      case "session.created":
      case "session.updated":
        return isKnown(properties.info) ? undefined : learn(properties.info)
      case "session.deleted": {
        const session = Task.SessionId.make(properties.info.id)
        return Effect.andThen(Ref.update(known, HashMap.remove(session)), Ref.update(voices, HashMap.remove(session)))
      }
      default:
        return undefined
    }
  }
  yield* Effect.forkScoped(feed.forEach(hear), { startImmediately: true })

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

  const memo = <A>(
    ref: Ref.Ref<HashMap.HashMap<Task.SessionId, A>>,
    lookup: (session: Task.SessionId) => Lookup<A>
  ) =>
  (session: Task.SessionId) =>
    Effect.flatMap(
      Ref.get(ref),
      (all) => Option.match(HashMap.get(all, session), { onNone: () => lookup(session), onSome: Effect.succeed })
    )

  return Sessions.of({
    get: memo(known, (session) => Effect.flatMap(client.session(session), learn)),
    voice: memo(voices, lastVoice),
    spoke
  })
})

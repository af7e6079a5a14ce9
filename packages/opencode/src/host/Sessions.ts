/**
 * What is known of sessions without asking: their parents, their rules, and who they talk with at the moment.
 *
 * OpenCode tells all of this in events; what was missed is asked for. A parent is told its news in the agent and model
 * that it uses now, and these change with every message of the user.
 */
import { type AgentHost, Task } from "@errand/core"
import { Context, Effect, Layer, Option, Schema } from "effect"
import * as Memory from "../Memory.ts"
import { Client } from "./Client.ts"
import { Feed } from "./Feed.ts"
import { isHelper } from "./helpers.ts"
import { isNobody, type Voice, voiceOf } from "./voice.ts"
import { type Event, Rules, type SessionInfo } from "./wire.ts"

export interface Known {
  readonly parent: Task.SessionId | undefined
  readonly permission: Rules
  /** Whether a person has undone messages in it. They are still there, until somebody says something: then they are deleted. */
  readonly isUndone: boolean
}

type Lookup<A> = Effect.Effect<A, AgentHost.HostError | AgentHost.SessionGone>

export class Sessions extends Context.Service<Sessions, {
  readonly get: (session: Task.SessionId) => Lookup<Known>
  /**
   * Whether a person has undone messages in it, and writes there: in the session of a task nobody is expected to go on. Asked
   * for where it seems so: they may have gone on in another window, of which nothing is heard here.
   */
  readonly isUndone: (session: Task.SessionId) => Lookup<boolean>
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

const decodeRules = Schema.decodeUnknownOption(Rules)

const parentOf = (parentID: string | null | undefined): Task.SessionId | undefined =>
  parentID === undefined || parentID === null ? undefined : Task.SessionId.make(parentID)

const isUndone = (revert: unknown): boolean => revert !== undefined && revert !== null

/** A session as an event tells of it. */
type Told = Extract<Event, { readonly type: "session.updated" }>["properties"]["info"]

const isSame = Option.makeEquivalence<Known>((a, b) =>
  a.parent === b.parent && a.permission === b.permission && a.isUndone === b.isUndone
)

const make = Effect.gen(function*() {
  const client = yield* Client
  const feed = yield* Feed
  const known = Memory.make<Task.SessionId, Known>(remembered)
  const voices = Memory.make<Task.SessionId, Voice>(remembered)

  /** Most sessions have the same rules as some other: these are read once, and kept once. None where they are none. */
  const rules = Memory.make<string, Rules>(remembered)
  const rulesOf = (permission: unknown): Option.Option<Rules> => {
    const key = JSON.stringify(permission ?? [])
    return Option.orElse(rules.get(key), () => {
      const read = decodeRules(permission ?? [])
      if (Option.isSome(read)) rules.set(key, read.value)
      return read
    })
  }

  const learn = ({ id, parentID, permission, revert }: SessionInfo): Known => {
    const value: Known = { parent: parentOf(parentID), permission: permission ?? [], isUndone: isUndone(revert) }
    known.set(Task.SessionId.make(id), value)
    return value
  }

  /** What is told again of a session is mostly something else about it. */
  const hearOf = ({ id, parentID, permission, revert }: Told): Effect.Effect<void> | undefined => {
    const session = Task.SessionId.make(id)
    const told = Option.map(rulesOf(permission), (permission) => ({
      parent: parentOf(parentID),
      permission,
      isUndone: isUndone(revert)
    }))
    if (isSame(known.get(session), told)) return undefined
    return Effect.sync(() =>
      // What it may do cannot be read: whoever has to know asks.
      Option.isNone(told) ? known.remove(session) : known.set(session, told.value)
    )
  }

  const spoke = (session: Task.SessionId, voice: Voice) =>
    Effect.sync(() => {
      if (!isNobody(voice) && !isHelper(voice.agent)) voices.set(session, voice)
    })

  const hear = ({ properties, type }: Event): Effect.Effect<unknown> | undefined => {
    switch (type) {
      case "session.created":
      case "session.updated":
        return hearOf(properties.info)
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
      info.role === "user" && !isHelper(info.agent ?? undefined) && !parts.some(({ type }) => type === "compaction")
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

  const ask = (session: Task.SessionId) => Effect.map(client.session(session), learn)
  const get = recall(known, ask)
  const isUndoneRoot = ({ isUndone, parent }: Known): boolean => isUndone && parent === undefined

  return Sessions.of({
    get,
    isUndone: (session) =>
      Effect.flatMap(
        get(session),
        (found) => isUndoneRoot(found) ? Effect.map(ask(session), isUndoneRoot) : Effect.succeed(false)
      ),
    voice: recall(voices, lastVoice),
    spoke
  })
})

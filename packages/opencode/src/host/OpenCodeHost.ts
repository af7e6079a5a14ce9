/**
 * OpenCode as an `AgentHost`.
 *
 * A task's session is a child of its parent's session, in the same directory, and carries the task's id in its metadata.
 * It may not ask questions, nor use OpenCode's own `task` tool; it may send tasks of its own unless it is too deep.
 */
import { AgentHost, type Notice, Task } from "@errand/core"
import { Effect, Layer, Option, Schema, Stream } from "effect"
import { CardSwitch } from "../cards/CardSwitch.ts"
import * as Memory from "../Memory.ts"
import { name, title } from "../text/inline.ts"
import * as NoticeText from "../text/notice.ts"
import { Client, type PermissionRule, type TextPart } from "./Client.ts"
import * as Events from "./events.ts"
import { Feed } from "./Feed.ts"
import { Sessions } from "./Sessions.ts"
import * as Transcript from "./transcript.ts"
import { Mark, type SessionInfo } from "./wire.ts"

export const layer = (
  options: { readonly noticeMaxChars: number }
): Layer.Layer<AgentHost.AgentHost, never, Client | Feed | Sessions> => Layer.effect(AgentHost.AgentHost, make(options))

const make = Effect.fnUntraced(function*({ noticeMaxChars }: { readonly noticeMaxChars: number }) {
  const client = yield* Client
  const feed = yield* Feed
  const sessions = yield* Sessions
  const cards = yield* CardSwitch
  /** The tasks that a session was asked for, and the session where the answer came. */
  const asked = Memory.make<Task.TaskId, Option.Option<Task.SessionId>>(4096)
  const scope = yield* Effect.scope

  /** Whether there are cards is found out once a task is on its way: its news need not wait for that. */
  const lookForCards = yield* Effect.cached(Effect.forkIn(cards.on, scope))

  const undone = (session: Task.SessionId) =>
    Effect.fail(
      new AgentHost.HostError({
        operation: "notify",
        kind: "refused",
        message: `a person has undone messages in ${session}`
      })
    )

  const gone = ({ session }: AgentHost.SessionGone) =>
    Effect.fail(
      new AgentHost.HostError({ operation: "open", kind: "refused", message: `the parent session ${session} is gone` })
    )

  const create = Effect.fnUntraced(function*({ mayLaunch, request, task }: AgentHost.OpenRequest) {
    const parent = yield* Effect.catchTag(sessions.get(request.parent), "SessionGone", gone)
    const created = yield* client.createSession({
      parentID: request.parent,
      // OpenCode reads the agent's name from the title.
      title: `${title(request.description)} (@${name(request.agent)} subagent)`,
      model: request.model,
      permission: childRules(parent.permission, mayLaunch),
      metadata: { errand: { task } }
    })
    return Task.SessionId.make(created.id)
  })

  /** The session that an earlier, unclear attempt left behind. */
  const leftBehind = Effect.fnUntraced(function*({ request, task }: AgentHost.OpenRequest) {
    const children = yield* Effect.catchTag(client.children(request.parent), "SessionGone", gone)
    const own = children.find((child) => taskOf(child) === task)
    return Option.map(Option.fromUndefinedOr(own), ({ id }) => Task.SessionId.make(id))
  })

  const open = Effect.fnUntraced(function*(request: AgentHost.OpenRequest) {
    const before = asked.get(request.task)
    const isKnown = Option.isSome(before) && Option.isSome(before.value)
    const mayExist = Option.isSome(before) || request.mayExist === true
    const known = isKnown ? before.value : mayExist ? yield* leftBehind(request) : Option.none()
    asked.set(request.task, known)
    const session = Option.isSome(known) ? known.value : yield* create(request)
    asked.set(request.task, Option.some(session))
    yield* lookForCards
    return session
  })

  const notify = Effect.fnUntraced(function*(parent: Task.SessionId, notice: Notice.Notice) {
    // Whatever is said there now would delete them for good: it is told once they are redone, or the person writes.
    if (yield* sessions.isUndone(parent)) return yield* undone(parent)
    const voice = yield* sessions.voice(parent)
    const metadata = { errand: { notice: notice.id } }
    const line = NoticeText.forPerson(notice, { cards: yield* cards.on })
    const parts: ReadonlyArray<TextPart> = [
      {
        type: "text",
        text: NoticeText.forModel(notice, { maxChars: noticeMaxChars }),
        synthetic: true,
        metadata
      },
      ...line === "" ? [] : [{ type: "text" as const, text: line, ignored: true, metadata }]
    ]
    yield* client.prompt(parent, { ...voice, noReply: !notice.wakes, parts })
  })

  return AgentHost.AgentHost.of({
    capabilities: { activity: true, transcript: true, todos: true, continues: true, receipts: true, silent: false },
    open,
    attach: (session) => Effect.asVoid(client.session(session)),
    prompt: (session, { agent, model, text }) =>
      client.prompt(session, { agent, model, parts: [{ type: "text", text }] }),
    abort: client.abort,
    activity: () =>
      Effect.map(
        client.statuses,
        (all) => new Map(Array.from(all, ([id, type]) => [Task.SessionId.make(id), activityOf(type)]))
      ),
    transcript: (session, { last }) => Effect.map(client.messages(session, last), Transcript.messages),
    todos: (session) =>
      Effect.map(
        client.todos(session),
        (todos) => todos.filter(({ status }) => status !== "completed" && status !== "cancelled").length
      ),
    parentOf: (session) => Effect.map(sessions.get(session), ({ parent }) => parent),
    notify,
    received: (parent, notice) =>
      client.messages(parent, 20).pipe(
        Effect.map((transcript) => Transcript.messages(transcript).some(({ notices }) => notices.includes(notice))),
        Effect.catchTag("SessionGone", () => Effect.succeed(false))
      ),
    // What came at once stays together.
    events: Stream.flattenIterable(Stream.mapArray(feed.signs, (events) => [events.flatMap(Events.translate)]))
  })
})

/** A task that may not launch others has no use for any of them. */
const ownTools = ["delegate_task", "background_output", "background_cancel"]

/** Rules for the session of a task: what its parent may not do it may not do either. The last rule that fits counts. */
const childRules = (parent: ReadonlyArray<PermissionRule>, mayLaunch: boolean): ReadonlyArray<PermissionRule> => [
  ...parent.filter(({ action, permission }) => action === "deny" || permission === "external_directory"),
  ...["question", "task", ...(mayLaunch ? [] : ownTools)].map((permission): PermissionRule => ({
    permission,
    pattern: "*",
    action: "deny"
  }))
]

const decodeMark = Schema.decodeUnknownOption(Mark)

const taskOf = (session: SessionInfo): string | undefined =>
  Option.getOrUndefined(decodeMark(session.metadata))?.errand.task

const activityOf = (type: string): AgentHost.Activity =>
  type === "busy" || type === "retry" || type === "idle" ? type : "unknown"

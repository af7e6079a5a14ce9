/**
 * A host that outlives the workers that use it: sessions with transcripts, agents that answer after some milliseconds.
 * Plain and without faults of its own: what is to be seen is what becomes of a worker that is killed.
 */
import type { HostEvent, Message } from "../src/AgentHost.ts"
import { SessionId } from "../src/Task.ts"

interface Session {
  readonly parent: string | undefined
  readonly messages: Array<Message>
  /** The turn that it is in. */
  turn: { readonly timer: NodeJS.Timeout } | undefined
}

export interface Notified {
  readonly parent: string
  readonly id: string
  readonly kind: string
  readonly tasks: ReadonlyArray<{ readonly id: string; readonly run: number; readonly status: string }>
}

const message = (id: string, role: Message["role"], text: string, state: Message["state"]): Message => ({
  id,
  role,
  text,
  state,
  automatic: false,
  notices: [],
  tools: [],
  fingerprint: `${state} ${text}`
})

/** `lives`: whether agents go on with their work when a worker dies, or stop in the middle of it. */
export const make = (roots: ReadonlyArray<string>, lives: boolean, random: () => number) => {
  const sessions = new Map<string, Session>(
    roots.map((root) => [root, { parent: undefined, messages: [], turn: undefined }])
  )
  const byTask = new Map<string, string>()
  const notified: Array<Notified> = []
  /** The notices that are taken and not kept yet. */
  const taken = new Set<NodeJS.Timeout>()
  const wrong: Array<string> = []
  let ids = 0
  let listener: (event: HostEvent) => void = () => {}
  const tell = (event: HostEvent) => listener(event)

  const begin = (id: string, session: Session, text: string) => {
    if (session.turn !== undefined) wrong.push(`${id} was prompted while it worked`)
    session.messages.push(message(`m${ids++}`, "user", text, "done"))
    const own = SessionId.make(id)
    tell({ _tag: "Busy", session: own })
    const timer = setTimeout(() => {
      session.turn = undefined
      const fails = session.parent !== undefined && random() < 0.15
      session.messages.push(
        fails
          ? { ...message(`m${ids++}`, "assistant", "", "failed"), error: "overloaded" }
          : message(`m${ids++}`, "assistant", `answer to ${text}`, "done")
      )
      if (fails) tell({ _tag: "Erred", session: own, message: "overloaded", aborted: false })
      tell({ _tag: "MessageEnded", session: own })
      tell({ _tag: "Idle", session: own })
    }, 1 + random() * 30)
    session.turn = { timer }
  }

  /** A notice is taken at once, and kept a moment later, as by OpenCode, which dies with the worker that is its plugin. */
  const keepSoon = (notice: Notified) => {
    const timer = setTimeout(() => {
      taken.delete(timer)
      notified.push(notice)
      tell({ _tag: "Received", session: SessionId.make(notice.parent), notice: notice.id })
    }, 20 + random() * 80)
    taken.add(timer)
  }

  const forget = () => {
    for (const timer of taken) clearTimeout(timer)
    taken.clear()
  }

  const stop = (session: Session, state: Message["state"]) => {
    if (session.turn === undefined) return
    clearTimeout(session.turn.timer)
    session.turn = undefined
    session.messages.push(message(`m${ids++}`, "assistant", "", state))
  }

  const field = (args: unknown, name: string): unknown =>
    typeof args === "object" && args !== null ? Reflect.get(args, name) : undefined
  const text = (args: unknown, name: string): string => String(field(args, name))

  /** Undefined where there is no such session. */
  const answer = (operation: string, args: unknown): { readonly value: unknown } | undefined => {
    if (operation === "open") {
      const task = text(args, "task")
      const known = byTask.get(task)
      if (known !== undefined) return { value: known }
      const id = `ses_${ids++}`
      byTask.set(task, id)
      sessions.set(id, { parent: text(args, "parent"), messages: [], turn: undefined })
      return { value: id }
    }
    if (operation === "activity") {
      return { value: Array.from(sessions).flatMap(([id, { turn }]) => turn === undefined ? [] : [id]) }
    }
    if (operation === "received") {
      const id = text(args, "notice")
      return { value: notified.some((notice) => notice.id === id) }
    }
    const id = text(args, "session")
    const session = sessions.get(id)
    if (session === undefined) return undefined
    const given = field(args, "args")
    switch (operation) {
      case "prompt":
        begin(id, session, String(given))
        return { value: null }
      case "abort":
        stop(session, "aborted")
        tell({ _tag: "Idle", session: SessionId.make(id) })
        return { value: null }
      case "transcript":
        return { value: session.messages }
      case "notify": {
        const tasks = field(given, "tasks")
        keepSoon({
          parent: id,
          id: text(given, "id"),
          kind: text(given, "kind"),
          tasks: (Array.isArray(tasks) ? tasks : []).map((task: unknown) => ({
            id: text(task, "id"),
            run: Number(field(task, "run")),
            status: text(task, "status")
          }))
        })
        return { value: null }
      }
      default:
        return { value: null }
    }
  }

  return {
    answer,
    listen: (hear: (event: HostEvent) => void) => void (listener = hear),
    /** The worker is gone. */
    died: () => {
      listener = () => {}
      forget()
      if (!lives) { for (const session of sessions.values()) stop(session, "open") }
    },
    /** Somebody says something in each of the roots. */
    use: () => {
      for (const root of roots) {
        tell({ _tag: "Busy", session: SessionId.make(root) })
        tell({ _tag: "Idle", session: SessionId.make(root) })
      }
    },
    notified,
    wrong,
    sessionsOf: (task: string) => byTask.get(task),
    working: () => Array.from(sessions).flatMap(([id, { turn }]) => turn === undefined ? [] : [id]),
    end: () => {
      forget()
      for (const { turn } of sessions.values()) clearTimeout(turn?.timer)
    }
  }
}

export type Host = ReturnType<typeof make>

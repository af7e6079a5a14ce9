/**
 * What sessions wait for a person to say: permissions and questions that are open.
 */
import type { Feed } from "./feed.ts"
import * as Ids from "./ids.ts"
import type { Log } from "./log.ts"
import type { Session } from "./session.ts"
import type { Play } from "./Turn.ts"
import type { ToolPart } from "./wire.ts"

export type Asks = ReturnType<typeof make>

/** `allow`, `refuse` (without a word), or what the agent is told of a refusal. */
export type Reply = "allow" | "refuse" | { readonly word: string }

interface Open {
  readonly kind: "permission" | "question"
  readonly session: Session
  readonly info: Readonly<Record<string, unknown>>
  readonly reply: (reply: Reply) => void
}

export const make = (feed: Feed, log: Log) => {
  const open = new Map<string, Open>()

  /** Asks, and waits for the reply. */
  function* ask(
    session: Session,
    kind: Open["kind"],
    { callID, messageID }: ToolPart,
    what: Readonly<Record<string, unknown>>
  ): Play<Reply> {
    const id = kind === "permission" ? Ids.permission() : Ids.question()
    const info = { id, sessionID: session.id, ...what, tool: { messageID, callID } }
    let answer: Reply = "refuse"
    feed.tell(session.directory, `${kind}.asked`, info)
    log.add("asked", session.id, { text: id })
    try {
      yield (wake) => {
        open.set(id, {
          kind,
          session,
          info,
          reply: (reply) => {
            answer = reply
            open.delete(id)
            wake()
          }
        })
        return () => void open.delete(id)
      }
    } finally {
      open.delete(id)
    }
    return answer
  }

  return {
    ask,
    reset: () => open.clear(),
    list: (kind: Open["kind"]) => [...open.values()].filter((one) => one.kind === kind).map(({ info }) => info),
    /** Replies; false where nothing of that id is asked. */
    reply: (kind: Open["kind"], id: string, reply: Reply): boolean => {
      const found = open.get(id)
      if (found?.kind !== kind) return false
      const { session } = found
      log.add("answered", session.id, { text: id })
      if (kind === "question") {
        if (reply === "allow") {
          feed.tell(session.directory, "question.replied", { sessionID: session.id, requestID: id, answers: [["yes"]] })
        } else feed.tell(session.directory, "question.rejected", { sessionID: session.id, requestID: id })
      } else {
        feed.tell(session.directory, "permission.replied", {
          sessionID: session.id,
          requestID: id,
          reply: reply === "allow" ? "once" : "reject"
        })
      }
      found.reply(reply)
      return true
    }
  }
}

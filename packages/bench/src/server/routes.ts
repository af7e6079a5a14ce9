/**
 * The routes of OpenCode 1.18.33 that plugins use, by method and path.
 */
import * as Bodies from "./bodies.ts"
import * as Replies from "./replies.ts"
import { infoOf, jsonOf, lastAnswer, type Session, transcript } from "./session.ts"
import type { World } from "./world.ts"

/** A request that has arrived as a whole. */
export interface Asked {
  /** The parts of the path. */
  readonly path: ReadonlyArray<string>
  readonly query: URLSearchParams
  /** The directory that it is about. */
  readonly directory: string
  readonly body: string
  /** A person asks, not a plugin. */
  readonly person: boolean
}

/** Answers at once, or later. */
export type Handler = (asked: Asked, answer: (reply: Replies.Reply) => void) => void

export type Routes = (method: string, path: ReadonlyArray<string>) => {
  /** As it is counted: `GET /session/:id`. */
  readonly name: string
  /** Undefined where there is no such route. */
  readonly handler: Handler | undefined
}

/** The path with names in the places of ids. */
const pattern = (path: ReadonlyArray<string>): string => {
  const [first = "", second, third, fourth] = path
  switch (first) {
    case "session":
      if (second === undefined || second === "status") break
      if (third === undefined) return "/session/:id"
      return fourth === undefined ? `/session/:id/${third}` : `/session/:id/${third}/:other`
    case "permission":
    case "question":
      if (third !== undefined) return `/${first}/:id/${third}`
  }
  return `/${path.join("/")}`
}

export const make = (world: World): Routes => {
  const { asks, log, sessions, turns } = world

  /** What comes back at once. */
  const now = (reply: (asked: Asked) => Replies.Reply): Handler => (asked, answer) => answer(reply(asked))

  const fixed = (reply: Replies.Reply): Handler => (_, answer) => answer(reply)

  const aboutSession = (
    handler: (session: Session, asked: Asked, answer: (reply: Replies.Reply) => void) => void
  ): Handler =>
  (asked, answer) => {
    const id = asked.path[1] ?? ""
    if (!id.startsWith("ses")) return answer(Replies.serverError)
    const session = sessions.find(id)
    return session === undefined ? answer(Replies.noSession(id)) : handler(session, asked, answer)
  }

  const of = (reply: (session: Session, asked: Asked) => Replies.Reply): Handler =>
    aboutSession((session, asked, answer) => answer(reply(session, asked)))

  const list = (all: ReadonlyArray<Session>) => Replies.json(all.map(infoOf))

  const limitOf = (query: URLSearchParams): number => {
    const limit = Number(query.get("limit") ?? Number.POSITIVE_INFINITY)
    return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit
  }

  const say = (read: typeof Bodies.promptOf, waits: boolean) =>
    aboutSession((session, { body, person }, answer) => {
      const prompt = read(Bodies.parse(body), person)
      if (Bodies.isWrong(prompt)) return answer(Replies.badRequest(prompt.wrong))
      const received = turns.receive(session, prompt)
      if (!waits) return answer(Replies.empty)
      if ("refused" in received) return answer(Replies.serverError)
      const { message } = received
      const found = () =>
        prompt.noReply ? session.messages.findLast(({ info }) => info.id === message) : lastAnswer(session)
      const give = () => {
        const message = found()
        answer(message === undefined ? Replies.serverError : Replies.raw(jsonOf(message)))
      }
      if (prompt.noReply) give()
      else session.waiting = [...session.waiting, give]
    })

  const create = now(({ body, directory }) => {
    const wanted = Bodies.sessionOf(Bodies.parse(body), directory)
    return Bodies.isWrong(wanted)
      ? Replies.json({ _tag: "BadRequest" }, 400)
      : Replies.json(infoOf(sessions.create(wanted)))
  })

  /** Any session may be aborted, also one that is gone, or that never was. */
  const abort = now(({ directory, path }) => {
    const id = path[1] ?? ""
    const session = sessions.recall(id)
    if (session !== undefined) turns.abort(session)
    else {
      log.add("abort", id, { was: "none" })
      world.feed.together(
        directory,
        ["session.status", { sessionID: id, status: { type: "idle" } }],
        ["session.idle", { sessionID: id }]
      )
    }
    return Replies.yes
  })

  const update = of((session, { body }) => {
    const { metadata, permission, title } = Bodies.parse(body)
    if (typeof title === "string") session.title = title
    if (metadata !== undefined) session.metadata = metadata
    if (permission !== undefined) session.permission = permission
    sessions.touch(session)
    return Replies.json(infoOf(session))
  })

  const statuses = now(({ directory }) => {
    const all: Record<string, unknown> = {}
    for (const session of sessions.working()) {
      if (session.directory === directory) all[session.id] = session.status
    }
    return Replies.json(all)
  })

  const replyTo = (id: string, { body }: Asked) =>
    asks.reply("permission", id, Bodies.replyOf(Bodies.parse(body))) ? Replies.yes : Replies.noPermission(id)

  const question = (reply: "allow" | "refuse") =>
    now(({ path }) => {
      const id = path[1] ?? ""
      return asks.reply("question", id, reply) ? Replies.yes : Replies.noQuestion(id)
    })

  const table: Readonly<Record<string, Handler>> = {
    "GET /session": now(({ directory, query }) =>
      list(
        sessions.list()
          .filter((session) => session.directory === directory)
          .filter(({ parent }) => query.get("roots") !== "true" || parent === undefined)
          .slice(0, limitOf(query))
      )
    ),
    "POST /session": create,
    "GET /session/status": statuses,
    "GET /session/:id": of((session) => Replies.json(infoOf(session))),
    "PATCH /session/:id": update,
    "DELETE /session/:id": of((session) => {
      sessions.remove(session)
      return Replies.yes
    }),
    "GET /session/:id/children": of((session) => list(sessions.below(session.id))),
    "GET /session/:id/todo": of((session) => Replies.json(session.todos)),
    "GET /session/:id/message": of((session, { query }) => Replies.raw(transcript(session, limitOf(query)))),
    "GET /session/:id/message/:other": of((session, { path }) => {
      const id = path[3] ?? ""
      const message = session.messages.find(({ info }) => info.id === id)
      return message === undefined ? Replies.noMessage(id) : Replies.raw(jsonOf(message))
    }),
    "POST /session/:id/message": say(Bodies.promptOf, true),
    "POST /session/:id/prompt_async": say(Bodies.promptOf, false),
    "POST /session/:id/command": say(Bodies.commandOf, true),
    "POST /session/:id/abort": abort,
    "POST /session/:id/permissions/:other": now((asked) => replyTo(asked.path[3] ?? "", asked)),
    "GET /permission": now(() => Replies.json(asks.list("permission"))),
    "POST /permission/:id/reply": now((asked) => replyTo(asked.path[1] ?? "", asked)),
    "GET /question": now(() => Replies.json(asks.list("question"))),
    "POST /question/:id/reply": question("allow"),
    "POST /question/:id/reject": question("refuse"),
    "GET /agent": now(() => Replies.raw(world.catalog().json.agents)),
    "GET /config": now(() => Replies.raw(world.catalog().json.config)),
    "GET /config/providers": now(() => Replies.raw(world.catalog().json.providers)),
    "GET /provider": now(() => Replies.raw(world.catalog().json.provider)),
    "GET /project/current": fixed(Replies.json({ id: "global", worktree: "/", time: { created: 0 }, sandboxes: [] })),
    "GET /path": now(({ directory }) =>
      Replies.json({ home: "/home", state: "/state", config: "/config", worktree: "/", directory })
    ),
    "GET /command": fixed(Replies.json([])),
    "GET /global/health": fixed(Replies.json({ healthy: true, version: "1.18.33" })),
    "POST /log": fixed(Replies.yes),
    "POST /tui/show-toast": now(({ body, directory }) => {
      const { duration = 5_000, message, variant } = Bodies.parse(body)
      if (typeof message !== "string") return Replies.badRequest("Missing key\n  at [\"message\"]")
      world.feed.tell(directory, "tui.toast.show", { message, variant, duration })
      return Replies.yes
    }),
    "POST /tui/publish": now(({ body, directory }) => {
      const { properties, type } = Bodies.parse(body)
      const command = Bodies.fieldOf(properties, "command")
      if (type !== "tui.command.execute" || typeof command !== "string") {
        return Replies.badRequest("Missing key\n  at [\"properties\"][\"command\"]")
      }
      world.feed.tell(directory, type, { command })
      return Replies.yes
    })
  }

  return (method, path) => {
    const name = `${method} ${pattern(path)}`
    return { name, handler: table[name] }
  }
}

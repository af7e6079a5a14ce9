/**
 * The bench's own calls to the server, below `/control`: what it sets, what it wants to know, and what people do.
 */
import { Option, Schema } from "effect"
import { fill } from "./history.ts"
import * as Replies from "./replies.ts"
import * as Reports from "./Reports.ts"
import type { Asked, Handler } from "./routes.ts"
import type { World } from "./world.ts"

const WeatherOrCalm = Schema.Union([Reports.WeatherSettings, Schema.Null])

export const make = (world: World): (method: string, path: ReadonlyArray<string>) => Handler | undefined => {
  const { counters, gates, log, sessions } = world

  /** What a body says, in a form that is known; 400 where it is none. */
  const with_ = <A>(schema: Schema.Decoder<A>, reply: (value: A, asked: Asked) => Replies.Reply): Handler => {
    const decode = Schema.decodeUnknownOption(Schema.fromJsonString(schema))
    return (asked, answer) =>
      answer(Option.match(decode(asked.body), {
        onNone: () => Replies.badRequest("Expected another body"),
        onSome: (value) => reply(value, asked)
      }))
  }

  const doing = <A>(schema: Schema.Decoder<A>, act: (value: A) => void): Handler =>
    with_(schema, (value) => {
      act(value)
      return Replies.yes
    })

  const giving = (value: (asked: Asked) => unknown): Handler => (asked, answer) => {
    const found = value(asked)
    answer(found === undefined ? Replies.nowhere : Replies.json(found))
  }

  const root = with_(Reports.NewRoot, ({ directory, history, parent, title, turnMs }, asked) => {
    const session = sessions.create({ directory: directory ?? asked.directory, parent, title, turnMs })
    if (history !== undefined) fill(session, history)
    return Replies.json({ id: session.id })
  })

  const read: Handler = ({ query }, answer) => {
    const kinds = query.get("kinds") ?? ""
    const wanted = {
      since: Number(query.get("since") ?? 0),
      wait: Number(query.get("wait") ?? 0),
      kinds: new Set(kinds === "" ? [] : kinds.split(","))
    }
    log.read(wanted, (found) => answer(Replies.json(found)))
  }

  const reportOf = ({ path }: Asked): Reports.SessionReport | undefined => {
    const session = sessions.recall(path[2] ?? "")
    return session === undefined ? undefined : {
      session: session.id,
      ...(session.parent === undefined ? {} : { parent: session.parent }),
      activity: session.status.type,
      deleted: session.deleted,
      turns: session.turns,
      messages: session.messages.length
    }
  }

  const table: Readonly<Record<string, Handler>> = {
    "POST reset": doing(Reports.Settings, world.reset),
    "POST phase": doing(Reports.PhaseWanted, ({ lasts, name }) => counters.phase(name, lasts)),
    "POST latency": doing(Reports.Latency, ({ ms }) => world.setLatency(ms)),
    "POST weather": doing(WeatherOrCalm, (weather) => world.weather(weather ?? undefined)),
    "POST gate": doing(Reports.Named, ({ name }) => gates.open(name)),
    "POST root": root,
    "GET counters": giving(counters.report),
    "GET log": read,
    "GET working": giving(() => ({ working: sessions.work() })),
    "GET session": giving(reportOf)
  }

  return (method, path) => table[`${method} ${path[1] ?? ""}`]
}

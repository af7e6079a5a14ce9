/**
 * The server's border: HTTP in, HTTP and server-sent events out. Latency, weather and counting happen here, so that the
 * routes know nothing of them.
 */
import * as Http from "node:http"
import * as Control from "./control.ts"
import type { Listener } from "./feed.ts"
import * as Replies from "./replies.ts"
import { type Asked, type Handler, make as makeRoutes } from "./routes.ts"
import { nameOf } from "./weather.ts"
import type { World } from "./world.ts"

/** Ms between two signs of life on a feed of events. */
const heartbeat = 10_000

/** What cannot be decoded is taken as it is. */
const decoded = (text: string): string => {
  if (!text.includes("%")) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const headerOf = (request: Http.IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name]
  return typeof value === "string" ? decoded(value) : undefined
}

const bodyOf = (request: Http.IncomingMessage, done: (text: string, bytes: number) => void): void => {
  if (request.method === "GET") {
    request.resume()
    return done("", 0)
  }
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const all = Buffer.concat(chunks)
    done(all.toString(), all.length)
  })
}

const later = (ms: number, what: () => void): void => {
  if (ms > 0) setTimeout(what, ms)
  else what()
}

/** The fault that somebody meets whose call has none. */
const fine = "ok"

export const serve = (world: World): Http.Server => {
  const { counters, feed } = world
  const routes = makeRoutes(world)
  const control = Control.make(world)

  /** Sends an answer; gives how many bytes it had. Nobody may be there any more. */
  const send = (response: Http.ServerResponse, { body, status }: Replies.Reply): number => {
    const bytes = Buffer.from(body)
    if (response.destroyed) return bytes.length
    if (status === 204) response.writeHead(status).end()
    else response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length }).end(bytes)
    return bytes.length
  }

  /**
   * An answer that breaks off in its middle: one that never began might be asked for again by the client's own transport,
   * and then the weather would be another one.
   */
  const breakOff = (response: Http.ServerResponse): void => {
    response.writeHead(200, { "content-type": "application/json", "content-length": 1_000 })
    response.write("{\"broken\":", () => response.destroy())
  }

  const listen = (response: Http.ServerResponse, directory: string | undefined): void => {
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no"
    })
    response.flushHeaders()
    const listener: Listener = { directory, write: (text) => void response.write(text) }
    const end = feed.listen(listener)
    const beat = setInterval(() => feed.greet(listener, "server.heartbeat"), heartbeat)
    response.on("close", () => {
      clearInterval(beat)
      end()
    })
    feed.greet(listener, "server.connected")
  }

  /** A call of a plugin, as slow and as unlucky as it is to be. */
  const call = (response: Http.ServerResponse, name: string, handler: Handler, asked: Asked, bytesIn: number): void => {
    const half = world.latency() / 2
    const fault = world.forecast()?.fault() ?? fine
    if (fault !== fine) counters.fault(nameOf(fault))
    const count = (bytes: number, failed: boolean) => counters.request(name, bytesIn, bytes, failed)
    const give = (reply: Replies.Reply) => {
      const late = typeof fault === "object" && "late" in fault ? fault.late : 0
      later(half + late, () => {
        if (fault === "hang-after") return count(0, true)
        if (fault !== "fail-after") return count(send(response, reply), reply.status >= 400)
        count(0, true)
        breakOff(response)
      })
    }
    const slow = typeof fault === "object" && "slow" in fault ? fault.slow : 0
    later(half + slow, () => {
      switch (fault) {
        case "hang":
          return count(0, true)
        case "fail":
          count(0, true)
          return breakOff(response)
        case "refuse":
          return give(Replies.badRequest("The weather is bad"))
        case "die":
          return give(Replies.serverError)
        default:
          return handler(asked, give)
      }
    })
  }

  const answer = (request: Http.IncomingMessage, response: Http.ServerResponse): void => {
    const { method = "GET", url = "/" } = request
    const [full = "/", search = ""] = url.split("?", 2)
    const path = full.split("/").slice(1).map(decoded)
    const query = new URLSearchParams(search)
    const said = query.get("directory") ?? headerOf(request, "x-opencode-directory")
    const directory = said ?? world.catalog().directory
    if (method === "GET" && full === "/event") return listen(response, directory)
    if (method === "GET" && full === "/global/event") return listen(response, undefined)
    bodyOf(request, (body, bytesIn) => {
      const person = path[0] === "control" && path[1] === "person"
      const asked: Asked = { path: person ? path.slice(2) : path, query, directory, body, person }
      if (path[0] === "control" && !person) {
        const handler = control(method, path)
        if (handler === undefined) return void send(response, Replies.nowhere)
        return handler(asked, (reply) => void send(response, reply))
      }
      const { handler, name } = routes(method, asked.path)
      if (person) {
        if (handler === undefined) return void send(response, Replies.nowhere)
        return handler(asked, (reply) => void send(response, reply))
      }
      if (handler !== undefined) return call(response, name, handler, asked, bytesIn)
      counters.unknown(`${method} ${full}`)
      return call(response, "unknown", (_, give) => give(Replies.nowhere), asked, bytesIn)
    })
  }

  const server = Http.createServer((request, response) => {
    // Somebody who goes away before the answer is no error.
    request.on("error", () => undefined)
    response.on("error", () => undefined)
    answer(request, response)
  })
  // A turn may take longer than any limit, and a connection that is kept is not to be closed under a request.
  server.requestTimeout = 0
  server.headersTimeout = 0
  server.timeout = 0
  server.keepAliveTimeout = 600_000
  return server
}

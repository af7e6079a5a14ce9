/**
 * OpenCode's calls on a transport of the test's own.
 */
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk"
import { Layer } from "effect"
import { Client, Host } from "../../src/host/Client.ts"

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface Sent {
  readonly method: string
  readonly path: string
  readonly directory: string | null
  readonly body: string
}

/** The SDK's own client on a transport of ours: what OpenCode gives the plugin under `run`, too. */
export const clientWith = (answer: (sent: Sent) => Answer | Error) => {
  const log: Array<Sent> = []
  const transport = async (request: Request): Promise<Response> => {
    const url = new URL(request.url)
    const sent = {
      method: request.method,
      path: url.pathname,
      directory: url.searchParams.get("directory"),
      body: await request.text()
    }
    log.push(sent)
    const { body, status } = orThrow(answer(sent))
    return new Response(status === 204 ? null : JSON.stringify(body), {
      status,
      headers: { "content-type": "application/json" }
    })
  }
  const client: OpencodeClient = createOpencodeClient({ baseUrl: "http://opencode.test", fetch: transport })
  return { log, layer: layerOf(client) }
}

const orThrow = (answer: Answer | Error): Answer => {
  if (answer instanceof Error) throw answer
  return answer
}

export const layerOf = (client: OpencodeClient) =>
  Client.layer.pipe(Layer.provide(Layer.succeed(Host, Host.of({ client, directory: "/project" }))))

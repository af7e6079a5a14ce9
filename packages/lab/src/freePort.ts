/**
 * A port of 127.0.0.1 that was free a moment ago.
 */
import { Effect } from "effect"
import { createServer } from "node:net"

/**
 * For `opencode serve`, whose own `--port 0` always tries 4096 first: the next server would then sit where the last one
 * was, and `fetch` would send to it on kept connections that are dead. Dies if there is no free port.
 */
export const freePort: Effect.Effect<number> = Effect.callback((resume) => {
  const server = createServer()
  server.once("error", (error) => resume(Effect.die(error)))
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" ? address?.port : undefined
    server.close(() => resume(port === undefined ? Effect.die("no port") : Effect.succeed(port)))
  })
})

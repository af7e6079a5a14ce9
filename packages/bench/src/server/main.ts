/**
 * The fake OpenCode as a process: listens on a free port of 127.0.0.1, says where, and ends with its standard input, so
 * that it cannot outlive whoever started it.
 */
import { serve } from "./http.ts"
import { make } from "./world.ts"

const server = serve(make())

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  const port = typeof address === "object" ? address?.port : undefined
  process.stdout.write(`listening on http://127.0.0.1:${port}\n`)
})

process.stdin.resume()
process.stdin.on("end", () => process.exit(0))

/**
 * An npm registry on loopback that has one package in one version: what `"plugin": ["opencode-errand"]` finds once the
 * package is published.
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"

/** Serves a tarball as the latest version of its package until the scope ends; gives the registry's address. */
export const registryWith = Effect.fnUntraced(function*(tarball: string, manifest: { name: string; version: string }) {
  const bytes = yield* Effect.promise(() => readFile(tarball))
  const { name, version } = manifest
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => createServer()),
    (server) =>
      Effect.callback<void>((done) => {
        server.close(() => done(Effect.void))
        server.closeAllConnections()
      })
  )
  const port = yield* Effect.callback<number>((done) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      done(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
  const url = `http://127.0.0.1:${port}`
  const packument = {
    name,
    "dist-tags": { latest: version },
    versions: {
      [version]: {
        ...manifest,
        dist: {
          tarball: `${url}/${name}/-/${name}-${version}.tgz`,
          integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`
        }
      }
    }
  }
  server.on("request", ({ url: path = "" }, response) => {
    if (path.endsWith(".tgz")) return response.end(bytes)
    if (path.split("?")[0] === `/${name}`) return response.end(JSON.stringify(packument))
    response.statusCode = 404
    return response.end("{}")
  })
  return url
})

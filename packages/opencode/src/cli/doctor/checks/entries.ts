/**
 * Check 2: OpenCode is told of both halves of Errand, and in the same words. The server half does the work and stands in
 * `opencode.json`; the terminal half shows it and stands in `tui.json`. Pure.
 */
import { failure, type Finding, of, ok, warning } from "../Finding.ts"
import { errandEntries, type Half, isSeveral, type ListedEntry, type ListFile } from "../Lists.ts"
import { ours } from "../Spec.ts"

const fileNames: Record<Half, string> = { server: "opencode.json", tui: "tui.json" }

export const entries = (files: ReadonlyArray<ListFile>): ReadonlyArray<Finding> => {
  const server = errandEntries(files, "server")
  const tui = errandEntries(files, "tui")
  return of("entries", [
    ...files.flatMap(({ content, path }) =>
      content._tag === "Broken"
        ? [
          failure(
            "config file",
            `${path}: ${content.why}`,
            "mend it by hand: OpenCode does not read it, and --fix leaves it alone"
          )
        ]
        : []
    ),
    ...half("server", server, tui),
    ...half("tui", tui, server),
    ...pair(server, tui)
  ])
}

const half = (name: Half, own: ReadonlyArray<ListedEntry>, other: ReadonlyArray<ListedEntry>) => {
  const what = `${name} entry`
  if (own.length === 0) return [missing(name, other)]
  if (isSeveral(own)) {
    return [failure(
      what,
      `there are several: ${own.map(shown).join(", ")}`,
      "keep one of them: OpenCode may load Errand twice"
    )]
  }
  return [ok(what, own.map(shown).join(", "))]
}

const missing = (name: Half, other: ReadonlyArray<ListedEntry>) => {
  const what = `${name} entry`
  const install = isSeveral(other)
    ? "keep one of the others first, then run this again"
    : `run \`opencode-errand doctor --fix\`, or \`opencode plugin ${ours} -g\``
  return name === "server"
    ? failure(
      what,
      `no ${fileNames.server} names ${ours}${
        other.length > 0 ? ", only a tui.json does" : ""
      }: OpenCode does not load Errand`,
      install
    )
    : warning(what, `no ${fileNames.tui} names ${ours}: no sidebar and no /tasks; all else works without it`, install)
}

const pair = (servers: ReadonlyArray<ListedEntry>, tuis: ReadonlyArray<ListedEntry>) => {
  const [server, tui] = [servers.at(-1), tuis.at(-1)]
  if (server === undefined || tui === undefined || server.source === tui.source) return []
  // Which of several is meant has to be said first.
  if (isSeveral(servers) || isSeveral(tuis)) return []
  return [failure(
    "same entry",
    `the two halves are not the same Errand: ${shown(server)}, but ${shown(tui)}`,
    "run `opencode-errand doctor --fix`, which takes the one of opencode.json for both"
  )]
}

const shown = ({ file, spec }: ListedEntry): string => `${JSON.stringify(spec)} in ${file.path}`

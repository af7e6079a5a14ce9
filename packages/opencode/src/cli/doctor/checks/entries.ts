/**
 * Check 2: OpenCode is told of both halves of Errand, and in the same words. The server half does the work and stands in
 * `opencode.json`; the terminal half shows it and stands in `tui.json`. Pure.
 */
import type { Own } from "../../Own.ts"
import { failure, type Finding, of, ok, warning } from "../Finding.ts"
import { entriesOf, errandEntries, type Half, isSeveral, type ListedEntry, type ListFile } from "../Lists.ts"
import { ours } from "../Spec.ts"

const fileNames: Record<Half, string> = { server: "opencode.json", tui: "tui.json" }

export const entries = (files: ReadonlyArray<ListFile>, own: Own): ReadonlyArray<Finding> => {
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
    ...[...entriesOf(files, "server"), ...entriesOf(files, "tui")].flatMap(lost),
    ...half("server", server, tui, own),
    ...half("tui", tui, server, own),
    ...pair(server, tui, own)
  ])
}

const half = (name: Half, ours: ReadonlyArray<ListedEntry>, other: ReadonlyArray<ListedEntry>, own: Own) => {
  const what = `${name} entry`
  if (ours.length === 0) return [missing(name, other, own)]
  if (isSeveral(ours)) {
    return [failure(
      what,
      `there are several: ${ours.map(shown).join(", ")}`,
      "keep one of them: OpenCode may load Errand twice"
    )]
  }
  return [ok(what, ours.map(shown).join(", "))]
}

/** It may be meant to be Errand: nobody can tell. */
const lost = (entry: ListedEntry) =>
  entry.isLost === true
    ? [warning(
      "plugin path",
      `${shown(entry)}: there is nothing at ${entry.source}`,
      "mend the path, or take the entry out: OpenCode loads nothing from there"
    )]
    : []

const missing = (name: Half, other: ReadonlyArray<ListedEntry>, own: Own) => {
  const what = `${name} entry`
  const install = isSeveral(other)
    ? "keep one of the others first, then run this again"
    : `run \`${own.command} doctor --fix\`${own.spec === ours ? `, or \`opencode plugin ${ours} -g\`` : ""}`
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

const pair = (servers: ReadonlyArray<ListedEntry>, tuis: ReadonlyArray<ListedEntry>, own: Own) => {
  const [server, tui] = [servers.at(-1), tuis.at(-1)]
  if (server === undefined || tui === undefined || server.source === tui.source) return []
  // Which of several is meant has to be said first.
  if (isSeveral(servers) || isSeveral(tuis)) return []
  return [failure(
    "same entry",
    `the two halves are not the same Errand: ${shown(server)}, but ${shown(tui)}`,
    `run \`${own.command} doctor --fix\`, which takes the one of opencode.json for both`
  )]
}

const shown = ({ file, spec }: ListedEntry): string => `${JSON.stringify(spec)} in ${file.path}`

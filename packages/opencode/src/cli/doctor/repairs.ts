/**
 * Which entries `--fix` writes into which files. Pure.
 */
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { errandEntries, type Half, isSeveral, type ListedEntry, type ListFile } from "./Lists.ts"
import { parse } from "./Spec.ts"

export type Change =
  | { readonly _tag: "Add"; readonly half: Half; readonly path: string; readonly spec: string }
  | { readonly _tag: "Replace"; readonly path: string; readonly from: string; readonly to: string }

/**
 * Nothing where both halves are named and are the same. The missing half goes beside the other one, as it is written
 * there; with none at all both go into the user's own files, as `spec`. Where one half is named in several ways, only a person
 * can say which of them is meant. `folder` is that of the user's OpenCode configuration.
 */
export const repairs = (files: ReadonlyArray<ListFile>, folder: string, spec: string): ReadonlyArray<Change> => {
  const servers = errandEntries(files, "server")
  const tui = errandEntries(files, "tui")
  if (isSeveral(servers) || isSeveral(tui)) return []
  const server = servers.at(-1)
  const write = (half: Half, beside: ListedEntry | undefined): Change => ({
    _tag: "Add",
    half,
    path: target(files, half, folderOf(beside, folder)),
    spec: beside === undefined ? spec : specFor(beside)
  })
  if (server === undefined) {
    const other = tui.at(-1)
    return other === undefined ? [write("server", undefined), write("tui", undefined)] : [write("server", other)]
  }
  if (tui.length === 0) return [write("tui", server)]
  return tui.filter((entry) => entry.source !== server.source && entry.file.scope !== "environment").map((entry) => ({
    _tag: "Replace",
    path: entry.file.path,
    from: entry.spec,
    to: specFor(server)
  }))
}

/** A path to a file is that of one half: the other one is found by the package's folder. */
const specFor = ({ source, spec }: ListedEntry): string =>
  parse(spec)._tag === "Path" ? pathToFileURL(source).href : spec

const folderOf = (beside: ListedEntry | undefined, folder: string): string =>
  beside === undefined || beside.file.scope === "environment" ? folder : dirname(beside.file.path)

/** The strongest file of this half in a folder, else the one that there shall be. */
const target = (files: ReadonlyArray<ListFile>, half: Half, folder: string): string =>
  files.findLast((file) => file.half === half && file.content._tag !== "Absent" && dirname(file.path) === folder)?.path
    ?? join(folder, half === "server" ? "opencode.json" : "tui.json")

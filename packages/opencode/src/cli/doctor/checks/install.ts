/**
 * Check 7: OpenCode's start is not held up. Before it loads plugins it installs `@opencode-ai/plugin` into each of its
 * folders that lacks it, and waits more than a minute for a registry that does not answer. Pure.
 */
import { type Finding, of, ok, warning } from "../Finding.ts"

export interface Folder {
  readonly path: string
  /** It has what OpenCode would install. */
  readonly isSeeded: boolean
  /** OpenCode may write in it; else it does not try. */
  readonly isWritable: boolean
}

export interface InstallFound {
  readonly folders: ReadonlyArray<Folder>
  /** The registry that would be asked; none where nobody has to be asked. */
  readonly registry?: {
    readonly url: string
    readonly problem: string | undefined
    /** It answers, with a certificate that nobody vouches for. */
    readonly ofCertificate?: boolean
  } | undefined
}

const what = "start of OpenCode"

/** The folders that OpenCode would install into. */
export const wanting = (folders: ReadonlyArray<Folder>): ReadonlyArray<Folder> =>
  folders.filter(({ isSeeded, isWritable }) => !isSeeded && isWritable)

export const install = ({ folders, registry }: InstallFound): ReadonlyArray<Finding> => {
  const lacking = wanting(folders).map(({ path }) => path).join(", ")
  if (lacking === "") return of("install", [ok(what, "every folder has its packages, so it waits for no registry")])
  if (registry?.problem === undefined) {
    return of("install", [
      ok(
        what,
        `installs packages once into ${lacking}${registry === undefined ? "" : ` from ${registry.url}`} (some seconds)`
      )
    ])
  }
  const { ofCertificate = false, problem, url } = registry
  return of("install", [
    warning(
      what,
      `wants to install packages into ${lacking}, and ${
        ofCertificate ? `the certificate of ${url} is not trusted` : `${url} does not answer`
      } (${problem}): every start may wait more than a minute`,
      ofCertificate
        ? "tell npm which certificates to trust (`npm config set cafile /path/to/ca.pem`)"
        : "start OpenCode once while the registry can be reached, or set npm_config_fetch_retries=0"
    )
  ])
}

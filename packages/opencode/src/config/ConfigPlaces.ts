/**
 * Where the files with settings may be. Plain paths, so that the start of the plugin can look at them, too.
 */
import { join } from "node:path"

/** Where to look. */
export interface Surroundings {
  /** The project's directory. */
  readonly directory: string
  /** The user's home directory. */
  readonly home: string
  /** The environment; `OPENCODE_CONFIG_DIR` and `XDG_CONFIG_HOME` are looked at. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The directory of the user's OpenCode configuration. */
export const userDirectory = ({ env, home }: Surroundings): string => {
  if (isSet(env["OPENCODE_CONFIG_DIR"])) return env["OPENCODE_CONFIG_DIR"]
  return join(isSet(env["XDG_CONFIG_HOME"]) ? env["XDG_CONFIG_HOME"] : join(home, ".config"), "opencode")
}

const isSet = (value: string | undefined): value is string => value !== undefined && value !== ""

/** The folders that hold them: the user's, and the project's. */
export const folders = (surroundings: Surroundings): readonly [user: string, project: string] => [
  userDirectory(surroundings),
  join(surroundings.directory, ".opencode")
]

/** In each folder: a file of Errand's own, or that of the older tool, in which a member holds the settings. */
export const own = { name: "errand", section: undefined } as const
export const older = { name: "oh-my-opencode", section: "background_task" } as const

/** With and without comments; the first is preferred. */
export const endings = ["jsonc", "json"] as const

/** Every file that may hold settings. */
export const files = (surroundings: Surroundings): ReadonlyArray<string> =>
  folders(surroundings).flatMap((folder) =>
    [own, older].flatMap(({ name }) => endings.map((ending) => join(folder, `${name}.${ending}`)))
  )

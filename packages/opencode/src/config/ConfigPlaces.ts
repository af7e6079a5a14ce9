/**
 * Where the files with settings may be. Plain paths, so that the start of the plugin can look at them, too.
 */
import { dirname, join } from "node:path"

/** Where to look. */
export interface Surroundings {
  /** The directory that OpenCode works in. */
  readonly directory: string
  /** The user's home directory. */
  readonly home: string
  /** The environment; `OPENCODE_CONFIG_DIR`, `XDG_CONFIG_HOME` and `OPENCODE_DISABLE_PROJECT_CONFIG` are looked at. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A variable that is empty is none. */
export const set = (value: string | undefined): ReadonlyArray<string> =>
  value === undefined || value === "" ? [] : [value]

/** The folder of the user's OpenCode configuration. */
export const configFolder = ({ env, home }: Omit<Surroundings, "directory">): string =>
  join(set(env["XDG_CONFIG_HOME"])[0] ?? join(home, ".config"), "opencode")

/** A directory and all above it, the highest first. */
const above = (directory: string): ReadonlyArray<string> => {
  const parent = dirname(directory)
  return parent === directory ? [directory] : [...above(parent), directory]
}

const isOn = (value: string | undefined): boolean => value === "1" || value?.toLowerCase() === "true"

/** The directories that may hold the project's configuration, the weakest first. */
export const projectDirectories = ({ directory, env }: Surroundings): ReadonlyArray<string> =>
  isOn(env["OPENCODE_DISABLE_PROJECT_CONFIG"]) ? [] : above(directory)

/** The folders that OpenCode 1.18.33 keeps for itself, from the weakest to the strongest: Errand's files are beside its own. */
export const folders = (surroundings: Surroundings): ReadonlyArray<string> => {
  const { env, home } = surroundings
  return [
    ...new Set([
      configFolder(surroundings),
      ...[home, ...projectDirectories(surroundings)].map((path) => join(path, ".opencode")),
      ...set(env["OPENCODE_CONFIG_DIR"])
    ])
  ]
}

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

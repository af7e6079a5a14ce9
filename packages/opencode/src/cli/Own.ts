/**
 * Which Errand this is: one that was installed, or one that somebody has built. Pure.
 */
import { join, sep } from "node:path"
import { ours } from "./doctor/Spec.ts"

export interface Own {
  /** `unknown` where its `package.json` cannot be read. */
  readonly version: string
  /** What OpenCode has to be told to load this one. */
  readonly spec: string
  /** How this command is called. */
  readonly command: string
}

/** `root`: the folder of the package that the command came out of. */
export const ownOf = (root: string, version: string): Own =>
  root.split(sep).includes("node_modules")
    ? { version, spec: ours, command: `npx ${ours}` }
    // Nobody can fetch it by its name.
    : { version, spec: root, command: `node ${quoted(join(root, "dist", "cli.js"))}` }

/** As a shell reads it. */
const quoted = (path: string): string => /^[\w./:\\@+-]+$/.test(path) ? path : `"${path}"`

/** A text in which the command is called as it is where it is installed. */
export const asCalled = ({ command }: Own, text: string): string => text.replaceAll(`npx ${ours}`, command)

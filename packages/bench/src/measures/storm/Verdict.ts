/**
 * What the storm has left behind, when there has been calm for long enough. Pure: the server's log and what the tools
 * answered in, counts out.
 */
import type { Entry, Work } from "../../server/Reports.ts"
import { namePattern } from "../crowd.ts"

/** A task that was asked for. */
export interface Sent {
  /** Of the task: its description, which no other has. */
  readonly name: string
  readonly parent: string
  /** Its agent works until it is called off, and that was done: nobody is owed the news. */
  readonly calledOff: boolean
  /**
   * `refused`: whoever asked was told that there is no task. `lost`: nobody ever answered them. `going`: it is said to be
   * at work or in line. `over`: it is said to have ended.
   */
  readonly state: "refused" | "lost" | "going" | "over"
}

/** How often the parent was told of each task, in notices that wake it and in those that do not. */
export interface Told {
  readonly waking: ReadonlyMap<string, number>
  readonly quiet: ReadonlyMap<string, number>
}

/** What is made of the log. Changed in place: it is long. */
export interface Hearing {
  /** The name of the task of each session. */
  readonly names: Map<string, string>
  readonly waking: Map<string, number>
  readonly quiet: Map<string, number>
}

export const deaf = (): Hearing => ({ names: new Map(), waking: new Map(), quiet: new Map() })

const sessionPattern = /\bses_\w+/g

/** A task that is tried again is none that has ended. */
const isNews = (text: string): boolean => !text.includes("RETRY")

export const hear = (hearing: Hearing, { kind, parent, person, noReply, session, text = "" }: Entry): Hearing => {
  const named = text.match(namePattern) ?? []
  if (kind === "created" && parent !== undefined) {
    const [name] = named
    if (name !== undefined) hearing.names.set(session, name)
    return hearing
  }
  // What a task is told itself is its errand.
  if (kind !== "told" || parent !== undefined || person === true || !isNews(text)) return hearing
  const sessions = (text.match(sessionPattern) ?? []).flatMap((id) => hearing.names.get(id) ?? [])
  const counts = noReply === true ? hearing.quiet : hearing.waking
  for (const name of new Set([...named, ...sessions])) counts.set(name, (counts.get(name) ?? 0) + 1)
  return hearing
}

export const isTold = ({ quiet, waking }: Told, name: string): boolean => quiet.has(name) || waking.has(name)

export interface Damage {
  /** Tasks that ended, and their parent was never told. */
  readonly lost: number
  /** Tasks of whose end the parent was woken twice, or told twice in silence. */
  readonly doubled: number
  /** Tasks that never end, and launches that never come back. */
  readonly stuck: number
  /** Sessions that work for nobody: their task has ended, or there is none. */
  readonly orphans: number
}

export const damage = (
  sent: ReadonlyArray<Sent>,
  told: Told,
  names: ReadonlyMap<string, string>,
  working: ReadonlyArray<Work>
): Damage => {
  const going = new Set(sent.filter(({ state }) => state === "going").map(({ name }) => name))
  const often = (counts: ReadonlyMap<string, number>, name: string) => (counts.get(name) ?? 0) > 1
  return {
    lost: sent.filter(({ calledOff, name, state }) => state === "over" && !calledOff && !isTold(told, name)).length,
    doubled: sent.filter(({ name }) => often(told.waking, name) || often(told.quiet, name)).length,
    stuck: sent.filter(({ state }) => state === "going" || state === "lost").length,
    orphans: working.filter(({ session }) => !going.has(names.get(session) ?? "")).length
  }
}

/** Whether the text that a tool gives of a task says that it is not over, in the words of any of the competitors. */
export const isGoing = (text: string): boolean =>
  /\bStatus\b\W+(pending|queued|running)\b/i.test(text) || text.endsWith(" is at work")

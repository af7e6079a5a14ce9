/**
 * Boards as the server's half would write them, for what is only about the screen.
 */
import type { Schema } from "effect"

export interface Family {
  readonly session: string
  readonly now: number
  /** The sessions of its tasks, where a case has real ones. */
  readonly children?: ReadonlyArray<string>
}

const pool = "provider:anthropic"

/** One task. Times are seconds ago. */
export const item = (
  { now, session }: Family,
  id: number,
  { ended, queued = 70, started, ...rest }: Schema.JsonObject & {
    readonly queued?: number
    readonly started?: number
    readonly ended?: number
  }
): Schema.JsonObject => ({
  id: `bg_0000000${id}`,
  run: 1,
  parent: session,
  depth: 1,
  agent: "explore",
  description: `Errand ${id}`,
  model: "anthropic/opus",
  pool,
  toolCalls: 3,
  queuedAt: now - queued * 1000,
  ...(started === undefined ? {} : { startedAt: now - started * 1000 }),
  ...(ended === undefined ? {} : { endedAt: now - ended * 1000 }),
  ...rest
})

/** A board with these tasks. */
export const board = (
  { now, session }: Family,
  tasks: ReadonlyArray<Schema.JsonObject>,
  rest: Schema.JsonObject = {}
): Schema.JsonObject => ({
  v: 1,
  session,
  owner: "another process",
  at: now,
  pools: [{ name: pool, used: 2, size: 2, waiting: 1 }],
  tasks,
  ...rest
})

/** Everything at once: one needs a person, one runs, one is in line, one has just ended and one long ago. */
export const full = (family: Family): Schema.JsonObject => {
  const [first = "ses_none1", second = "ses_none2", third = "ses_none3"] = family.children ?? []
  return board(family, [
    item(family, 1, {
      description: "Find the auth code",
      status: "running",
      session: first,
      started: 65,
      last: "grep login"
    }),
    item(family, 2, {
      description: "Run the tests of everything that there is in the whole project",
      status: "running",
      agent: "general",
      session: second,
      parent: first,
      depth: 2,
      started: 42,
      asks: [{ id: "per_screen", what: "bash npm test", at: family.now }]
    }),
    item(family, 3, {
      description: "Review the architecture",
      status: "pending",
      agent: "oracle",
      queued: 6,
      ahead: 0,
      holders: ["bg_00000001"]
    }),
    item(family, 4, {
      description: "Read the OAuth docs",
      status: "completed",
      agent: "librarian",
      session: third,
      started: 40,
      ended: 23
    }),
    item(family, 5, {
      description: "Read the old docs",
      status: "error",
      agent: "librarian",
      session: third,
      queued: 600,
      started: 600,
      ended: 430,
      why: "401 from the provider"
    })
  ])
}

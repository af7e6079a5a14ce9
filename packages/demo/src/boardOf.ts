/**
 * The story as a board, so that the demo's rows are those that everybody sees. Pure.
 */
import type * as Rows from "@errand/view/rows"
import * as Story from "./Story.ts"

/** The provider whose slots are counted, and how many it has. */
export interface Pool {
  readonly name: string
  readonly size: number
}

const itemOf = (story: Story.Story, pool: Pool) => (errand: Story.Errand): Rows.Item => {
  const run = Story.lastRun(errand)
  const status = Story.statusOf(errand)
  return {
    id: errand.id,
    run: errand.runs.length,
    ...(errand.session === undefined ? {} : { session: errand.session }),
    parent: story.root,
    depth: 1,
    agent: errand.agent,
    description: errand.description,
    status,
    queuedAt: run?.queuedAt ?? story.beganAt,
    ...(run?.startedAt === undefined ? {} : { startedAt: run.startedAt }),
    ...(run?.endedAt === undefined ? {} : { endedAt: run.endedAt }),
    pool: `provider:${pool.name}`,
    ...(status === "pending" ? { ahead: Story.placeOf(story, errand) - 1 } : {}),
    ...(errand.last === undefined ? {} : { last: errand.last }),
    toolCalls: 0
  }
}

export const boardOf = (story: Story.Story, pool: Pool): Rows.Board => {
  const waiting = story.errands.filter((errand) => Story.statusOf(errand) === "pending").length
  return {
    v: 1,
    session: story.root,
    owner: "demo",
    at: story.beganAt,
    // Whoever waits here waits for this provider, which is full then.
    pools: [{ name: `provider:${pool.name}`, used: pool.size, size: pool.size, waiting }],
    tasks: story.errands.map(itemOf(story, pool))
  }
}

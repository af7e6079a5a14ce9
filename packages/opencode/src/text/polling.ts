/**
 * What an agent reads that looks at a running task too often.
 */
import { Task } from "@errand/core"
import { duration } from "./duration.ts"

export const stillAtIt = (task: Task.Task, now: number): string => {
  const how = task.status === "pending"
    ? `still in line (for ${duration(Task.queuedFor(task, now))})`
    : `still running (for ${duration(Task.duration(task, now))})`
  return `Task ${task.id} is ${how}. You are polling: nothing is gained by it, as you are notified when it ends. `
    + "Go on with other work, or end your turn; to wait here, pass block=true."
}

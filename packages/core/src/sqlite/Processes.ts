/**
 * The processes of this machine.
 */
import { hostname } from "node:os"

export interface Process {
  readonly pid: number
  readonly host: string
}

export const current = (): Process => ({ pid: process.pid, host: hostname() })

/** Whether there is a process with this id on this host. */
export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Somebody else's process is alive as well.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

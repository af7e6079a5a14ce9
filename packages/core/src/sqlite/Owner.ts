/**
 * Who goes on with which tasks: every journal in use is an owner, with a lease that it renews. Pure.
 *
 * An owner is gone when it said so, when its process is not there any more, or when its lease has run out. The last is
 * only believed by somebody who has been awake for that long: when a computer wakes up all leases have run out, and those
 * who hold them need a moment.
 */

/** How often a lease is renewed while there is anything to lose (ms). */
export const beat = 5_000

/** How long a lease lasts (ms): three beats may be late. */
export const lease = 20_000

/** The pid of an owner that has said good-bye. */
export const nobody = 0

export interface Owner {
  readonly id: string
  /** `nobody` when it has said good-bye. */
  readonly pid: number
  readonly host: string
  /** Epoch ms of the last sign of life. */
  readonly seen: number
}

/** Who looks. */
export interface Observer {
  readonly host: string
  /** Epoch ms. */
  readonly now: number
  /** Epoch ms. Since when it has been looking. */
  readonly since: number
  /** Whether there is a process with this id on this host. */
  readonly isAlive: (pid: number) => boolean
}

export type Verdict = "alive" | "gone" | "unclear"

export const judge = (owner: Owner, { host, isAlive, now, since }: Observer): Verdict => {
  if (owner.pid === nobody) return "gone"
  if (owner.host === host && !isAlive(owner.pid)) return "gone"
  // A sign from before it was looked at may be the last: its process id may be another's by now, or its host be gone.
  if (now - owner.seen <= lease) return owner.seen >= since ? "alive" : "unclear"
  return now - since > lease ? "gone" : "unclear"
}

/** Of somebody who looks at others again and again. */
export interface Looking {
  /** Epoch ms. From the start of the looks between which a lease cannot run out. */
  readonly since: number
  /** Epoch ms. The last one. */
  readonly looked: number
}

export const begin = (now: number): Looking => ({ since: now, looked: now })

/** It looks once more. Whoever slept for longer than a lease lasts has only begun. */
export const look = ({ looked, since }: Looking, now: number): Looking => ({
  since: now - looked > lease ? now : since,
  looked: now
})

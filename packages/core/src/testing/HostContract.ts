/**
 * What every `AgentHost` must do, as a suite that each adapter's tests run.
 *
 * An adapter is right when the promises that apply to it pass; `lacks` says why one does not apply: a capability that the
 * host does not claim, or a behaviour that cannot be had there. The suite knows no test runner: a check is an Effect that
 * fails with `ContractBroken`. The adapter's test gives a `Subject`: how to make the host's agents do this or that, and how
 * time passes.
 *
 *     for (const check of HostContract.promises) {
 *       const lacks = HostContract.lacks(check, capabilities, claims)
 *       if (lacks.length > 0) it.skip(`${check.name} (lacks ${lacks.join(", ")})`)
 *       else it.live(check.name, () => Effect.provide(check.run, subject))
 *     }
 */
import type { Check } from "./contract/Check.ts"
import { manners as ofManners } from "./contract/manners.ts"
import { parents } from "./contract/parents.ts"
import { sessions } from "./contract/sessions.ts"
import { turns } from "./contract/turns.ts"

export { applies, type Check, ContractBroken, lacks, type Needs } from "./contract/Check.ts"
export { type Behaviour, type Claims, type Person, Subject } from "./contract/Subject.ts"

/** Every promise of the port, as far as it can be seen from outside. */
export const promises: ReadonlyArray<Check> = [...turns, ...sessions, ...parents]

/** What OpenCode does besides, on each way that a turn can go: no host has to do it in the same way. */
export const manners: ReadonlyArray<Check> = ofManners

/** All of them: for a host that is held to be like OpenCode. */
export const checks: ReadonlyArray<Check> = [...promises, ...manners]

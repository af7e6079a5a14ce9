/**
 * One promise of the port, what it needs to be looked at, and how what was found is said.
 */
import { Cause, Effect, Option, Schema } from "effect"
import type { AgentHost, Capabilities } from "../../AgentHost.ts"
import { type Behaviour, type Claims, type Person, Subject } from "./Subject.ts"

/** A promise of the port that the host does not keep. */
export class ContractBroken extends Schema.TaggedError<ContractBroken>()("ContractBroken", {
  promise: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `the host must keep this promise: ${this.promise}; found: ${this.found}`
  }
}

/** Without any of these a promise does not apply. */
export interface Needs {
  readonly capabilities?: ReadonlyArray<keyof Capabilities>
  readonly behaviours?: ReadonlyArray<Behaviour>
  readonly person?: ReadonlyArray<keyof Person>
}

export interface Check {
  /** The promise. */
  readonly name: string
  readonly needs: Needs
  readonly run: Effect.Effect<void, ContractBroken, AgentHost | Subject>
}

/** What a host lacks that a check needs, in words: the check applies if it is nothing. */
export const lacks = (
  { needs }: Check,
  capabilities: Partial<Capabilities>,
  claims: Claims
): ReadonlyArray<string> => [
  ...(needs.capabilities ?? []).filter((name) => capabilities[name] !== true).map((name) => `capability ${name}`),
  ...(needs.behaviours ?? []).filter((name) => claims.behaviours[name] === undefined).map((name) =>
    `behaviour ${name}`
  ),
  ...(needs.person ?? []).filter((name) => !claims.person.includes(name)).map((name) => `person who can ${name}`)
]

/** Whether a check applies to a host. */
export const applies = (check: Check, capabilities: Partial<Capabilities>, claims: Claims): boolean =>
  lacks(check, capabilities, claims).length === 0

/** How a check says what it found. */
export interface Expectation {
  /** Breaks the promise unless the condition holds. */
  readonly that: (condition: boolean, found: unknown) => Effect.Effect<void, ContractBroken>
  /** Looks until what it finds is right, for some seconds at most. */
  readonly eventually: <A, E, R>(
    look: Effect.Effect<A, E, R>,
    isRight: (found: A) => boolean
  ) => Effect.Effect<A, E | ContractBroken, R | Subject>
}

export const check = <E>(
  name: string,
  needs: Needs,
  run: (expect: Expectation) => Effect.Effect<void, E, AgentHost | Subject>
): Check => ({
  name,
  needs,
  run: Effect.catchCause(
    Effect.suspend(() => run(expectation(name))),
    (cause) => {
      const error = Option.getOrUndefined(Cause.findErrorOption(cause))
      return Effect.fail(
        error instanceof ContractBroken ? error : new ContractBroken({ promise: name, found: Cause.pretty(cause) })
      )
    }
  )
})

/** Looks every 50 ms, for 20 s: real hosts start slowly. */
const interval = 50
const patience = 400

const expectation = (promise: string): Expectation => {
  const broken = (found: unknown) => new ContractBroken({ promise, found: JSON.stringify(found) ?? String(found) })
  return {
    that: (condition, found) => condition ? Effect.void : Effect.fail(broken(found)),
    eventually: (look, isRight) =>
      Effect.gen(function*() {
        const subject = yield* Subject
        for (let tries = 0;; tries++) {
          const found = yield* look
          if (isRight(found)) return found
          if (tries >= patience) return yield* broken(found)
          yield* subject.pass(interval)
        }
      })
  }
}

/**
 * The host under test, and what can be done with it: the adapter's test says how to make its agents do this or that, and
 * how time passes.
 */
import { Context, type Effect } from "effect"
import type { Prompt } from "../../AgentHost.ts"
import type { SessionId } from "../../Task.ts"
import type * as Manners from "../Manners.ts"
import type { Reply } from "../Script.ts"

/** What an agent can be asked to do, whatever the host. */
export type Behaviour =
  | Manners.Behaviour
  /** Never come to an end. */
  | "hang"
  /** Answer `the answer`, after a second or two. */
  | "slow"
  /** Leave one todo undone and one done, and answer. */
  | "todo"

/** What people can do on a host. */
export interface Person {
  /** Says something in a session, so that an agent behaves like this. */
  readonly say: (session: SessionId, behaviour: Behaviour) => Effect.Effect<void>
  /** Deletes a session. */
  readonly remove: (session: SessionId) => Effect.Effect<void>
  /** Answers what a session asks. `ask` is the id in the event. */
  readonly reply: (session: SessionId, ask: string, reply: Reply) => Effect.Effect<void>
}

/** What can be had on a host, besides its capabilities: checks that need more do not apply to it. */
export interface Claims {
  /** What its agents can be made to do. `beginning`: it takes too long there, only how it begins is looked at. */
  readonly behaviours: Partial<Readonly<Record<Behaviour, "whole" | "beginning">>>
  /** What people can do there. */
  readonly person: ReadonlyArray<keyof Person>
}

export class Subject extends Context.Service<Subject, {
  readonly claims: Claims
  /** A new session of a person's. */
  readonly root: Effect.Effect<SessionId>
  /** An agent that the host has. */
  readonly agent: string
  /** What to say to an agent to have it behave like this, and to whom, if not to `agent`. */
  readonly prompt: (behaviour: Behaviour) => Pick<Prompt, "text" | "model"> & { readonly agent?: string }
  /** Lets time pass (ms): the test clock's, or the real one's. */
  readonly pass: (ms: number) => Effect.Effect<void>
  /** How many turns a session has begun. */
  readonly turns: (session: SessionId) => Effect.Effect<number>
  /** What is claimed of people. */
  readonly person: Partial<Person>
}>()("@errand/core/testing/HostContract/Subject") {}

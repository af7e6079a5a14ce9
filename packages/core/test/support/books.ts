/**
 * `Admission` as functions from a state to the next one, so that a test can compare the moments before and after a step.
 */
import * as Admission from "../../src/Admission.ts"

const copies = <A>(map: ReadonlyMap<string, A>, copy: (value: A) => A): Map<string, A> =>
  new Map(Array.from(map, ([key, value]) => [key, copy(value)]))

const copy = <A>(state: Admission.Admission<A>): Admission.Admission<A> => ({
  ...state,
  pools: copies(
    state.pools,
    (pool) => ({ ...pool, parents: copies(pool.parents, (parent) => ({ ...parent })) })
  ),
  lines: copies(state.lines, (line) => ({ ...line, heap: [...line.heap] })),
  waiting: new Map(state.waiting),
  inside: new Map(state.inside)
})

const step = <A, B>(state: Admission.Admission<A>, change: (next: Admission.Admission<A>) => B) => {
  const next = copy(state)
  return [next, change(next)] as const
}

type State<A> = Admission.Admission<A>

export const empty = Admission.make

export const join = <A>(state: State<A>, entrant: Parameters<typeof Admission.join<A>>[1]): State<A> =>
  step(state, (next) => Admission.join(next, entrant))[0]

export const leave = <A>(state: State<A>, id: string): State<A> => step(state, (next) => Admission.leave(next, id))[0]

export const admit = <A>(state: State<A>): readonly [State<A>, ReadonlyArray<Admission.Entrant<A>>] =>
  step(state, Admission.admit)

export const resize = <A>(state: State<A>, name: string, size: number): State<A> =>
  step(state, (next) => Admission.resize(next, name, size))[0]

export const setPaused = <A>(state: State<A>, paused: boolean): State<A> =>
  step(state, (next) => Admission.setPaused(next, paused))[0]

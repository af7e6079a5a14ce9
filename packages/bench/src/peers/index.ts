/**
 * Who is measured, Errand first.
 */
import { errand } from "./errand.ts"
import { floor } from "./floor.ts"
import { omo3 } from "./omo3.ts"
import { omo4 } from "./omo4.ts"
import type { Peer } from "./Peer.ts"

export const peers: ReadonlyArray<Peer> = [errand, omo3, omo4, floor]
export { errand, floor, omo3, omo4 }

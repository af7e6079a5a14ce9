/**
 * Every measure, in order.
 */
import type { Measure } from "../Measure.ts"
import { B8 } from "./B8.ts"

export const measures: ReadonlyArray<Measure> = [B8]

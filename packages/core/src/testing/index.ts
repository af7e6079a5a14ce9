/**
 * `@errand/core/testing`: for those who test on Errand, or adapt it to a host of their own.
 */
export * as HostContract from "./HostContract.ts"
export * as Manners from "./Manners.ts"
export * as SimulatedHost from "./SimulatedHost.ts"
export * as Weather from "./Weather.ts"

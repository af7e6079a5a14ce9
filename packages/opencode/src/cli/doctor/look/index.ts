/**
 * Everything that `doctor` looks at, and the one thing that it changes.
 */
export { cached } from "./cached.ts"
export { install } from "./install.ts"
export { lists } from "./lists.ts"
export { type Live, live } from "./live.ts"
export { openCode } from "./openCode.ts"
export { repair } from "./repair.ts"

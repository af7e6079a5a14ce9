/**
 * The points of a worker: before and after every statement of its journal, every call to its host and every answer. At one
 * of them it is killed, as by `kill -9`: nothing of it runs any more, no finalizer, no flush.
 */
import { Library } from "../src/sqlite/index.ts"

export const make = (dieAt: number | undefined) => {
  let count = 0
  const point = () => {
    count++
    if (count === dieAt) process.kill(process.pid, "SIGKILL")
  }
  const around = <A>(run: () => A): A => {
    point()
    const result = run()
    point()
    return result
  }
  const inner = Library.find()
  if (inner === undefined) throw new Error("no SQLite")
  const library: Library.Library = {
    open: (file) => {
      const database = around(() => inner.open(file))
      return {
        ...database,
        exec: (sql) => around(() => database.exec(sql)),
        prepare: (sql) => {
          const statement = database.prepare(sql)
          return {
            all: (parameters) => around(() => statement.all(parameters)),
            run: (parameters) => around(() => statement.run(parameters)),
            finalize: statement.finalize
          }
        }
      }
    }
  }
  return { point, library, count: () => count }
}

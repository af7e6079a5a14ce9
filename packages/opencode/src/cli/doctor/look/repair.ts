/**
 * Does what `--fix` is to do: each file is written anew beside itself and then renamed, so that nobody ever reads half of it.
 */
import { Effect, FileSystem, Option, Result } from "effect"
import { randomUUID } from "node:crypto"
import { dirname } from "node:path"
import { fromDisk } from "../../../config/ConfigFiles.ts"
import { add, fresh, replace } from "../edit.ts"
import type { Change } from "../repairs.ts"
import type { Repair } from "../Report.ts"

export const repair = (
  changes: ReadonlyArray<Change>
): Effect.Effect<ReadonlyArray<Repair>, never, FileSystem.FileSystem> => Effect.forEach(changes, one)

const one = Effect.fnUntraced(function*(change: Change): Effect.fn.Return<Repair, never, FileSystem.FileSystem> {
  const { path: file } = change
  const refused = (why: string): Repair => ({ file, status: "refused", what: `left as it is: ${why}` })
  const text = yield* Effect.result(fromDisk(file))
  if (Result.isFailure(text)) return refused(`it cannot be read (${text.failure.message})`)
  const changed = edited(change, text.success)
  if (Result.isFailure(changed)) return refused(changed.failure)
  const written = yield* Effect.result(write(file, changed.success))
  if (Result.isFailure(written)) return refused(`it cannot be written (${written.failure.message})`)
  return {
    file,
    status: "changed",
    what: change._tag === "Add"
      ? `added ${JSON.stringify(change.spec)} to \`plugin\``
      : `${JSON.stringify(change.from)} is now ${JSON.stringify(change.to)}`
  }
})

const edited = (change: Change, text: Option.Option<string>): Result.Result<string, string> =>
  change._tag === "Replace"
    ? Option.match(text, {
      onNone: () => Result.fail("it is gone"),
      onSome: (text) => replace(text, change.from, change.to)
    })
    : Option.match(text, {
      onNone: () => Result.succeed(fresh(change.half, change.spec)),
      onSome: (text) => add(change.half, text, change.spec)
    })

const write = Effect.fnUntraced(function*(file: string, text: string) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(dirname(file), { recursive: true })
  // Where the file is a link (people keep their settings elsewhere), what it leads to is written.
  const target = yield* Effect.orElseSucceed(fs.realPath(file), () => file)
  const mode = yield* Effect.option(Effect.map(fs.stat(target), ({ mode }) => mode & 0o777))
  const beside = `${target}.${randomUUID()}.tmp`
  yield* fs.writeFileString(beside, text).pipe(
    Effect.andThen(Option.match(mode, { onNone: () => Effect.void, onSome: (mode) => fs.chmod(beside, mode) })),
    Effect.andThen(fs.rename(beside, target)),
    Effect.onError(() => Effect.ignore(fs.remove(beside, { force: true })))
  )
})

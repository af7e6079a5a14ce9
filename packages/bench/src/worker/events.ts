/**
 * The server's events, handed on one by one. One request of the worker's own, which is the same for everybody.
 */

/** Hands on every event from now on; comes back when it listens. */
export const listen = async (url: string, directory: string, hear: (event: unknown) => void): Promise<void> => {
  const response = await fetch(new URL(`/event?directory=${encodeURIComponent(directory)}`, url))
  if (response.body === null) throw new Error("the server tells no events")
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  const read = async (rest: string): Promise<string> => {
    const { value = "" } = await reader.read()
    const blocks = (rest + value).split("\n\n")
    const open = blocks.pop() ?? ""
    for (const block of blocks) hear(JSON.parse(block.slice("data: ".length)))
    return open
  }
  // The first thing that comes is that it is connected.
  const rest = await read("")
  const goOn = async (rest: string): Promise<never> => goOn(await read(rest))
  void goOn(rest).catch(() => process.exit(1))
}

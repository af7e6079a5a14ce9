/**
 * A plugin that does what a good one does not: it prints, blocks, throws, and leaves promises that nobody waits for.
 */
const spin = (ms: number) => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

export default {
  id: "noisy",
  server: async () => {
    console.log("{\"n\":1,\"value\":\"not the bench's own words\"}")
    return {
      event: () => {
        throw new Error("an event that it does not like")
      },
      tool: {
        print: {
          args: { text: { parse: (value: unknown) => value ?? "by default" } },
          execute: async (args: unknown) => {
            console.log("{\"n\":2}")
            void Promise.reject(new Error("nobody waits for this"))
            return { output: `printed ${JSON.stringify(args)}` }
          }
        },
        block: {
          args: {},
          execute: async () => {
            spin(80)
            return "blocked"
          }
        },
        exit: { args: {}, execute: async () => process.exit(3) },
        refuse: {
          args: {},
          execute: async () => {
            throw new Error("no")
          }
        }
      }
    }
  }
}

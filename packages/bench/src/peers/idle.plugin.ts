/**
 * The least that OpenCode takes for a plugin which hears events.
 */
const plugin = async () => ({ event: async () => undefined })

export default plugin

import type { TuiPluginApi } from "@opencode-ai/plugin/tui"

const tui = async (api: TuiPluginApi): Promise<void> => {
  api.slots.register({
    order: 150,
    slots: {
      sidebar_content: (_context, { session_id }) => (
        <text fg={api.theme.current.text}>
          {"HELLO " + session_id + JSON.stringify(api.state.session.get(session_id)?.metadata)}
        </text>
      ),
      session_prompt_right: () => <text>STATUS</text>,
      app_bottom: () => <text>BOTTOM</text>
    }
  })
}

export default { id: "opencode-errand", tui }

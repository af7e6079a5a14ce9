/**
 * The commands of the palette, their slash names and keys. OpenCode's own types for them need packages that are not here.
 */
export interface Command {
  readonly name: string
  readonly title: string
  readonly desc: string
  readonly category: string
  readonly namespace: "palette"
  /** `/tasks`. */
  readonly slashName?: string
  readonly run: () => void
}

export interface Layer {
  /** The keys count only while this mode is the top one. */
  readonly mode?: string
  readonly commands?: ReadonlyArray<Command | Pick<Command, "name" | "run">>
  readonly bindings?: ReadonlyArray<{ readonly key: string; readonly cmd: string }>
}

export interface Keys {
  /** Gives back what takes the layer away. */
  readonly registerLayer: (layer: Layer) => () => void
}

// What a rule asks of a request, and what of a request it may ask.

/** The parts of a request that rules match on. */
export type Target = {
  /** Lower case, without port; '' when the request names none. */
  readonly host: string
  /** As received, without the query. */
  readonly path: string
  readonly method: string
  /** One field by lower-case name, lines joined by a comma; undefined when absent. */
  readonly header: (name: string) => string | undefined
}

/** A rule's `match`; every part given must hold. */
export type Match = {
  /** An exact host, `*.example.com` for every host below it, or undefined for any. Lower case. */
  readonly host: string | undefined
  /** Segments `/a/{id}/b`; `{id}` is one segment, a last `**` any number, none included. */
  readonly path: string | undefined
  readonly methods: readonly string[] | undefined
  /** Lower-case field name to its exact value. */
  readonly headers: ReadonlyMap<string, string> | undefined
}

// How requests are split between the targets of an upstream, compiled. Must not see a request.

/** Something that a request says of itself; `name` is in lower case, but of cookies and queries as written. */
export type Trait = { readonly in: 'header' | 'cookie' | 'query' | 'baggage'; readonly name: string }

/** What keeps users on one side; `set` is for a cookie: seconds that browsers keep the one that those without any get. */
export type Sticky = Trait & { readonly set: number | 'session' | undefined }

/** What sends a request to some targets, whatever the weights say; all of it must hold. */
export type TargetMatch = {
  readonly says: readonly (readonly [trait: Trait, value: string])[]
  /** A share, 0 to 1, of all that a key may be: one and the same of it for ever, and of a larger share. */
  readonly portion: { readonly key: Trait; readonly share: number } | undefined
  /** Who is listened to: strangers can choose nothing by what is for `believed` ones. */
  readonly callers: 'believed' | 'any'
}

/** A match and whom it is for: targets of one side. */
export type Chosen = TargetMatch & {
  readonly side: string
  /** By their place among the targets of the upstream. */
  readonly among: ReadonlySet<number>
}

/** How a request says downstream what side it was meant for; `header` in lower case. */
export type Carry = { readonly baggage: string | undefined; readonly header: string | undefined }

/** How requests are split between the sides of an upstream, but for the weights. */
export type Split = {
  /** The first of which all holds goes before the weights: the most particular ones are first. */
  readonly matches: readonly Chosen[]
  /** Who has this is of one side, as long as the weights stay. */
  readonly sticky: Sticky | undefined
  readonly carry: Carry | undefined
  /** Which sides may serve what is meant for another one that cannot. */
  readonly fallback: ReadonlySet<string> | 'any'
}

// What a baggage dialect is. Each is one file beside this one and one line in index.ts.
// It knows how members are written, not which of them may go on: that is the bridge's business.

/** One key and value of a caller's baggage. */
export type Member = {
  /** As meant, not as written. */
  readonly key: string
  readonly value: string
  /** The dialect it came by. */
  readonly dialect: string
  /** As it was written there; undefined when it cannot go on like that, even in the same dialect. */
  readonly raw: string | undefined
}

/**
 * Reads the header fields whose names begin with a prefix, given in lower case: what follows the prefix in lower case,
 * and the value; flat, in their order, one for each line.
 */
export type Each = (prefix: string) => readonly string[]

/** What is left of baggage after a trip over a wire; the table of the documents and a warning of `check` follow from it. */
export type BaggageCarries = {
  /** So many at most. */
  readonly members: number
  /** Characters of a value at most; undefined for as many as there is room for. */
  readonly valueLength: number | undefined
  /** All of it at most, whatever rules allow; undefined where they alone say. */
  readonly bytes: number | undefined
  readonly emptyValues: boolean
  /** Keys that are no token of HTTP: with blanks, or letters beyond ASCII. */
  readonly anyKey: boolean
  readonly caseOfKeys: boolean
  /** What W3C lets stand behind a value. */
  readonly properties: boolean
  /** A key that is there twice. */
  readonly repeats: boolean
}

/** One baggage dialect: bytes to members and back. Pure, and never throws, whatever the bytes. */
export type BaggageDialect = {
  /** As in rules: the name of the trace dialect that it accompanies. */
  readonly name: string
  /** Every field with a fixed name that it reads or writes, in the case it is sent in. */
  readonly fields: readonly string[]
  /** Beginnings, in lower case, of the names of all others. */
  readonly prefixes: readonly string[]
  /** Keys that begin so, in lower case, mean something to this dialect alone: they neither leave nor enter it. */
  readonly reserved: string | undefined
  readonly carries: BaggageCarries
  /**
   * In the order of the wire; `read` gives one field by its lower-case name, its lines joined by a comma. A dialect
   * that had to leave members out, for their bytes made no sense, adds its name to `garbled`.
   */
  readonly extract: (
    read: (field: string) => string | undefined,
    each: Each,
    garbled?: string[]
  ) => readonly Member[]
  /**
   * Appends name and value pairs to `set`, flat. What does not fit into `maxBytes`, or into the wire, is left out:
   * never a part of a member.
   */
  readonly inject: (members: readonly Member[], set: string[], maxBytes: number) => void
}

export const noMembers: readonly Member[] = []

const nothing: readonly string[] = []

/** For requests of which only single fields are known. */
export const noFields: Each = () => nothing

const capitals = /[A-Z]+/g

/** A key in lower case, as the wires that write it into the name of a field hand it on. Letters of ASCII alone. */
export function folded(key: string): string {
  return key.replace(capitals, letters => letters.toLowerCase())
}

/** For wires that know each key once: the last value of each, as most libraries read a list that repeats one. */
export function lastOfEach(members: readonly Member[]): Iterable<Member> {
  if (members.length < 2) return members
  const last = new Map<string, Member>()
  for (const member of members) last.set(folded(member.key), member)
  return last.values()
}

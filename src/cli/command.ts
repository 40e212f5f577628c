// The shape of every command. Each is one file beside this one, with its `summary` and `help` texts.
import type { Io } from './io.ts'

/** Arguments, without the command's own name, to an exit code. It ends early, cleanly, when `signal` fires. */
export type Command = (argv: readonly string[], io: Io, signal: AbortSignal) => Promise<number>

// Runs a command inside the test and keeps what it prints.
import type { Command } from '../../src/cli/command.ts'
import type { Io } from '../../src/cli/io.ts'

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** Resolves when the command ends; `onOutput` is called with each text that it prints. */
export function run(
  command: Command,
  argv: readonly string[],
  signal: AbortSignal = new AbortController().signal,
  onOutput: (text: string) => void = () => {}
): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  const io: Io = {
    stdout: text => {
      stdout += text
      onOutput(text)
    },
    stderr: text => {
      stderr += text
      onOutput(text)
    },
    env: {}
  }
  return command(argv, io, signal).then(code => ({ code, stdout, stderr }))
}

// What a command may touch of the world around it; main.ts hands in the real one, tests their own.

export type Io = {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
}

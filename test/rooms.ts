// Which tests share a process, and which have one of their own: to start a process and to load the gateway costs far
// more than most of them. It only names them: room.ts runs them.
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Patterns below this folder, by the name of the file in `test/rooms` that runs what they find. */
export const rooms = {
  attacks: ['attacks/*'],
  cli: ['cli/*'],
  dialects: ['dialects/*', 'baggage/*'],
  'features-a-b': ['features/[a-b]*'],
  'features-c': ['features/c*'],
  'features-d-k': ['features/[d-k]*'],
  'features-l-q': ['features/[l-q]*'],
  'features-r-s': ['features/[r-s]*'],
  'features-t': ['features/t*'],
  'features-u-z': ['features/[u-z]*'],
  heart: ['trace/*', 'mediate/*', 'samplers/*', 'route/*', 'sketch/*', 'gate/*'],
  outside: ['admin/*', 'app/*', 'echo/*', 'exporters/*', 'logs/*', 'translate/*', 'workers/*'],
  proxy: ['proxy/*'],
  report: ['report/*'],
  repository: [
    '*',
    'audit/*',
    'bench/*',
    'bench/report/*',
    'chart/*',
    'docs/*',
    'image/*',
    'interop/*',
    'soak/*'
  ],
  rules: ['rules/*']
} as const satisfies Readonly<Record<string, readonly string[]>>

export type Room = keyof typeof rooms

/** What stays by itself, for what it does to its process or for how long it keeps it busy. */
export const apart: readonly string[] = [
  // Long work without a pause.
  'bounded.test.ts',
  // They count what the process holds, where nobody else may leave anything.
  'features/reload-memory.test.ts',
  'features/streaming.test.ts',
  'report/redact.test.ts'
]

/** What a room runs: paths below this folder. A new file is found by itself. */
export function filesOf(room: Room): readonly string[] {
  return globSync(
    rooms[room].map(pattern => `${pattern}.test.ts`),
    { cwd: here, exclude: [...apart] }
  ).sort()
}

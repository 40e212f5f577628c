// Where the time goes: the samples of a CPU profile, by room, by file and by function. It runs nothing.
import type { Profile, Share } from './numbers.ts'

/** https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile: times in microseconds. */
export type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }[]
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const socketWrite = /^write(?:v|Buffer|Latin1String|Utf8String|AsciiString)$/
const native = 'native functions called by JavaScript'
/** What V8 names in brackets has no file. */
const bracketed = new Map([
  ['(program)', 'native code: event loop, system calls, HTTP parser'],
  ['(garbage collector)', 'garbage collection']
])

function fileOf(name: string, url: string): string {
  if (url === '') return bracketed.get(name) ?? (socketWrite.test(name) ? 'socket writes' : native)
  if (url.startsWith('wasm:')) return 'undici, its parser'
  const [, packaged] = /\/node_modules\/((?:@[^/]+\/)?[^/]+\/.*)$/.exec(url) ?? []
  if (packaged !== undefined) return packaged
  const [, ours] = /\/(src\/.*)$/.exec(url) ?? []
  return ours ?? url
}

function roomOf(file: string): string {
  if (file.startsWith('node:')) {
    if (/http/.test(file)) return 'node:http'
    return /net|stream/.test(file) ? 'node: sockets and streams' : 'node: the rest'
  }
  if (file.startsWith('src/'))
    return file
      .split('/')
      .slice(0, file.includes('/', 4) ? 2 : 1)
      .join('/')
  if (file.startsWith('undici')) return 'undici'
  return file.includes('/') ? `package ${file.split('/')[0]}` : file
}

/** Of the samples between two times on the profile's own clock, which is that of `process.hrtime`, in microseconds. */
export function profileOf(
  { nodes, startTime, samples, timeDeltas }: CpuProfile,
  from: number,
  to: number
): Profile {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const [rooms, files, functions] = [0, 1, 2].map(() => new Map<string, number>())
  let total = 0
  let at = startTime
  for (const [i, id] of samples.entries()) {
    // A sample lasts until the next one.
    at += timeDeltas[i] ?? 0
    const took = timeDeltas[i + 1] ?? 0
    const { functionName = '', url = '' } = frames.get(id) ?? {}
    if (at < from || at > to || functionName === '(idle)' || functionName === '(root)') continue
    const file = fileOf(functionName, url)
    total += took
    add(rooms, roomOf(file), took)
    add(files, file, took)
    add(functions, url === '' ? `${functionName}, native` : `${functionName || 'anonymous'}, ${file}`, took)
  }
  const shares = (of: ReadonlyMap<string, number> | undefined, most: number): readonly Share[] =>
    [...(of ?? [])]
      .map(([name, took]) => ({ name, percent: (100 * took) / total }))
      .sort((a, b) => b.percent - a.percent)
      .slice(0, most)
  return {
    seconds: total / 1e6,
    rooms: shares(rooms, 30),
    files: shares(files, 25),
    functions: shares(functions, 25)
  }
}

function add(sums: Map<string, number> | undefined, name: string, took: number): void {
  sums?.set(name, (sums.get(name) ?? 0) + took)
}

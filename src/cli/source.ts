// Where `gate` and `compare` take their counts from: the admin listeners of gateways, all of them at one moment.
import { readReport } from '../gate/report.ts'
import type { Snapshot } from '../gate/snapshot.ts'
import { type Scale, sketchScale } from '../sketch/scale.ts'
import { ask } from './ask.ts'

/** One snapshot for each place asked, in the same order; or why there is none. */
export type Taken =
  | { readonly snapshots: readonly Snapshot[]; readonly scale: Scale }
  | { readonly unreachable: string }

export type Source = {
  /** For people. */
  readonly name: string
  /** Never rejects. */
  readonly take: (signal: AbortSignal) => Promise<Taken>
}

/** Gateways by their admin addresses. Half an answer is none: who is missing would be missed in the counts. */
export function adminSource(urls: readonly URL[], token: string | undefined): Source {
  return {
    name: `sketches of ${urls.length === 1 ? 'one gateway' : `${urls.length} gateways`}`,
    take: async signal => {
      const answers = await Promise.all(
        urls.map(async base => ({
          who: base.host,
          asked: await ask({ url: new URL('api/latency', base), token, signal })
        }))
      )
      const snapshots: Snapshot[] = []
      for (const { who, asked } of answers) {
        if ('unreachable' in asked) return asked
        const read = readReport(who, asked.answer)
        if ('wrong' in read) return { unreachable: `${who}: ${read.wrong}` }
        snapshots.push(read.snapshot)
      }
      return { snapshots, scale: sketchScale }
    }
  }
}

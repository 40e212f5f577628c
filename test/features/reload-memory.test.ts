// Every reload made new lines to the targets, and what they were made by held those before them: all that there ever
// were hung on each other, 10 KB for each reload of a small rule file. The soak found it, as a slope that did not end.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { createPools, type Pools } from '../../src/proxy/pools.ts'
import { createUpstreams } from '../../src/report/upstreams.ts'
import { loaded } from '../rules/rule-files.ts'
import { until } from '../until.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

t.test('pools of rules that are long gone are let go', async t => {
  const { rules } = loaded(
    t,
    'upstreams: { a: { targets: [{ url: http://127.0.0.1:9 }] } }\nroutes: [{ match: {}, upstream: a }]'
  )
  const silent = { info: () => {}, warn: () => {}, error: () => {} }
  const report = createUpstreams(() => [], silent)
  const make = (before: Pools | undefined) =>
    createPools(rules, { echo: undefined, before, now: () => 0, report })
  const gone: WeakRef<Pools>[] = []
  let pools = make(undefined)
  t.teardown(() => pools.close())
  for (let i = 0; i < 5; i++) {
    gone.push(new WeakRef(pools))
    pools = make(pools)
  }
  await until(() => {
    collect()
    return gone.every(each => each.deref() === undefined)
  }, 'nothing holds any of them')
  t.equal(pools.counts().length, 1)
})

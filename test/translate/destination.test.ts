// A dry run says where a request would go, and hands on what it would be called there.
import t, { type Test } from 'tap'
import { type DryRun, type Question, translate } from '../../src/translate/translate.ts'
import { countedIds } from '../mediate/policies.ts'
import { loaded } from '../rules/rule-files.ts'

const yaml = `
accept: [w3c]
export: [{ console: {} }]
trust: [{ from: 192.0.2.0/24, context: restart }, { from: any, context: continue }]
upstreams:
  orders:
    targets:
      - { url: "http://base:1", weight: 9, tags: { service.tag: base } }
      - { url: "http://gray:1", tags: { service.tag: gray }, match: [{ query: { gray: "1" } }, { baggage: { service.tag: gray } }] }
    sticky: { cookie: user }
    carry: { baggage: service.tag, header: x-service-tag }
routes: [{ name: orders, match: {}, upstream: orders }]
`

function asked(t: Test, differing: Partial<Question>, rules = yaml): DryRun {
  const question = { method: 'GET', path: '/', host: undefined, from: '127.0.0.1', headers: [] }
  return translate(loaded(t, rules).rules, { ...question, ...differing }, countedIds())
}

function told({ translation, why }: DryRun) {
  const set = new Map(translation.upstreams['orders']?.set.map(([name, value]) => [name, value]))
  return {
    baggage: set.get('baggage'),
    header: set.get('x-service-tag'),
    why: why.filter(each => each.startsWith('of upstream'))
  }
}

t.test('where a match or a key sends a request, and what it is called there', async t => {
  const byMatch = ['of upstream orders it is for gray, by a match']
  const gray = { baggage: 'service.tag=gray', header: 'gray' }
  const base = { baggage: 'service.tag=base', header: 'base' }
  t.strictSame(told(asked(t, {})), { ...base, why: [] })
  t.strictSame(told(asked(t, { path: '/a?gray=1' })), { ...gray, why: byMatch })
  const headers = [['baggage', 'service.tag=gray']] as const
  t.strictSame(told(asked(t, { headers })), { ...gray, why: byMatch })
  t.strictSame(told(asked(t, { headers, from: '192.0.2.1' })), { ...base, why: [] })
  const user = (name: string) => told(asked(t, { headers: [['Cookie', `user=${name}`]] }))
  const users = Array.from({ length: 50 }, (_, i) => user(`u${i}`))
  t.match(users[0]?.why, [/^of upstream orders it is for (base|gray), by its key \(sticky\)$/])
  t.strictSame([...new Set(users.map(({ header }) => header))].sort(), ['base', 'gray'])
})

t.test('of a cookie that the gateway gives nobody knows beforehand where it leads', async t => {
  const rules = yaml.replace('{ cookie: user }', '{ cookie: user, set: session }')
  t.match(told(asked(t, {}, rules)).why, [
    'of upstream orders it gets a cookie user, whose random value decides'
  ])
  const headers = [['Cookie', 'user=u1']] as const
  t.match(told(asked(t, { headers }, rules)).why, [/by its key \(sticky\)$/])
})

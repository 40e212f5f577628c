import t from 'tap'
import { keysOfNextStart } from '../../src/rules/next-start.ts'
import { tlsOf } from '../certificates.ts'
import { loaded, minimal } from './rule-files.ts'

const listener = (more: string) => `listen: [{ address: 127.0.0.1:8080${more} }]`
const plain = listener('')
const secure = listener(`, ${tlsOf()}`)

/** What of the second rules waits, where a gateway started with the first. */
const cases: readonly (readonly [string, string, readonly string[]])[] = [
  [plain, plain, []],
  [plain, `${plain}\nsampling: { rate: 1% }`, []],
  [
    plain,
    listener(
      ', limits: { target: 1KiB, connections: 5 }, timeouts: { header: 1s, keep-alive: 1s, write: 1s }'
    ),
    []
  ],
  [plain, listener(', limits: { header: 1KiB, fields: 5, requests: 5 }'), []],
  [plain, listener(', protocols: [http1]'), ['listen[0].protocols']],
  [plain, listener(', timeouts: { handshake: 1s }'), []],
  [secure, listener(`, timeouts: { handshake: 1s }, ${tlsOf()}`), ['listen[0].timeouts.handshake']],
  [plain, secure, ['listen[0].tls']],
  [plain, 'listen: [{ address: 127.0.0.1:8081 }]', ['listen']],
  [plain, 'listen: [{ address: 127.0.0.1:8080 }, { address: 127.0.0.1:8081 }]', ['listen']],
  [plain, `${plain}\nadmin: { address: 127.0.0.1:9999 }\nworkers: 3`, ['admin.address', 'workers']],
  [plain, `${plain}\ntags: { service: x.tag }`, ['tags.service']]
]

t.test('keys that wait for the next start are named, and no others', async t => {
  for (const [first, next, keys] of cases) {
    const rulesOf = (text: string) => loaded(t, `${text}\n${minimal}`).rules
    t.same(keysOfNextStart(rulesOf(first), rulesOf(next)), keys, `${first} -> ${next}`)
  }
})

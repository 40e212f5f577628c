import t from 'tap'
import { readSofaHead } from '../../src/trace/sofa.ts'

const nothing = { trace: undefined, rpc: undefined, parent: undefined, sampled: undefined }

t.test('the header is read as it is or URL-encoded', async t => {
  const plain = 'tcid=a&spid=0.1&pspid=0&sample=true&_sys_k=v&k=v&'
  const said = { trace: 'a', rpc: '0.1', parent: '0', sampled: 'true' }
  t.strictSame(readSofaHead(plain), said)
  t.strictSame(readSofaHead(encodeURIComponent(plain)), said)
})

t.test('of a repeated part the first counts, and what is no part is nothing', async t => {
  t.strictSame(readSofaHead('tcid=a&tcid=b&=c&&x'), { ...nothing, trace: 'a' })
  t.strictSame(readSofaHead('__proto__=a&constructor=b'), nothing)
})

t.test('what cannot be decoded, or is too long, is no header', async t => {
  t.equal(readSofaHead('tcid%3'), undefined)
  t.match(readSofaHead('tcid=a&'.padEnd(1024, 'x')), { trace: 'a' })
  t.equal(readSofaHead('tcid=a&'.padEnd(1025, 'x')), undefined)
})

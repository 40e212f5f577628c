import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { chartText } from './chart.ts'
import { reportText } from './page.ts'
import { sample } from './sample.ts'

const text = reportText(sample)

t.test('the report has every bar with its verdict', async t => {
  t.match(
    text,
    /own bare setting: the same listener and engine, no mediation +\| ≤ 1\.1 × +\| ≤ 1\.05 × +\| 1\.07 \(.*\) × +\| met /
  )
  t.match(text, /gzip +\| ≤ 100 B .* 90 B +\| met /)
})

t.test('a peer that did not run says why', async t => {
  t.match(text, /\| Envoy +\| did not run: no envoy on the PATH +\|/)
  t.match(text, /\| HAProxy +\| 3 of 10 requests failed: the connection was closed \|/)
})

t.test('no number is missing where there is one', async t => {
  t.notMatch(text, /NaN|undefined|Infinity/)
})

t.test('a part that failed says why', async t => {
  const failed = { failed: 'too few open files' }
  t.match(reportText({ ...sample, idle: failed, profile: failed }), /Not measured: too few open files\./)
})

const numbers = new URL('../numbers.json', import.meta.url)
const skip = existsSync(numbers) ? false : 'no numbers are kept yet'

t.test('report and chart are those of the numbers that are kept', { skip }, async t => {
  const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
  const kept = JSON.parse(read('numbers.json'))
  t.equal(read('README.md'), reportText(kept), 'else npm run bench -- --draw')
  t.equal(read('chart.svg'), chartText(kept))
})

// Documents say what the code does, and no more: their tables are made from it.
import { existsSync } from 'node:fs'
import t from 'tap'
import { documents, read } from '../docs/generate.ts'

t.test('every generated document is fresh (npm run generate)', async t => {
  for (const { path, text } of documents()) t.equal(read(path), text, path)
})

t.test('every link of the documents to this repository leads somewhere', async t => {
  for (const path of [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'docs/workers.md',
    'docs/rules.md',
    'docs/operating.md',
    'docs/traces.md',
    'docs/upstreams.md',
    'docs/websocket.md',
    'docs/canary.md',
    'docs/kubernetes.md',
    'helm/tracebridge/README.md'
  ]) {
    const folder = new URL(`../${path}`, import.meta.url)
    for (const [, link = ''] of read(path).matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (/^https?:/.test(link)) continue
      t.ok(existsSync(new URL(link, folder)), `${path} links to ${link}`)
    }
  }
})

// Documents say what the code does, and no more: their tables are made from it.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { documents, read } from '../docs/generate.ts'

t.test('every generated document is fresh (npm run generate)', async t => {
  for (const { path, text } of documents()) t.equal(read(path), text, path)
})

/** Every document for people, by its path below this repository. */
const forPeople = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'src/RATIONALE.md'],
  ...['helm/tracebridge/README.md', 'test/bench/README.md'],
  ...readdirSync(new URL('../docs/', import.meta.url))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`)
]

/** What GitHub calls the headings of a document in a link: lower case, words joined by dashes. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map(heading =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- ]/gu, '')
        .replaceAll(' ', '-')
    )
  )
}

t.test('every link of the documents to this repository leads somewhere', async t => {
  for (const path of forPeople) {
    const here = new URL(`../${path}`, import.meta.url)
    for (const [, link = ''] of read(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? here : new URL(file, here)
      t.ok(existsSync(target), `${path} links to ${link}`)
      if (anchor === undefined || !existsSync(target)) continue
      t.ok(anchorsOf(readFileSync(target, 'utf8')).has(anchor), `${path} links to a heading, ${link}`)
    }
  }
})

t.test('every script that the documents name is there', async t => {
  const { scripts } = JSON.parse(read('package.json'))
  for (const path of forPeople) {
    for (const [, name = ''] of read(path).matchAll(/npm run ([a-z][a-z:]*)/g)) {
      t.ok(name in scripts, `${path} names npm run ${name}`)
    }
  }
})

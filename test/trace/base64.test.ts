import fc from 'fast-check'
import t from 'tap'
import { decodeText, encodeText } from '../../src/trace/base64.ts'

t.test('text comes back as it went, with its padding or without', async t => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }).filter(text => text.isWellFormed()),
      text => {
        t.equal(decodeText(encodeText(text)), text)
        t.equal(decodeText(encodeText(text).replace(/=+$/, '')), text)
      }
    )
  )
})

t.test('a replacement character that was sent as one is text', async t => {
  t.equal(decodeText(encodeText('\ufffd')), '\ufffd')
})

t.test('what is not base64, or not of UTF-8, is nothing', async t => {
  for (const bad of ['!', 'A', 'QQ=', 'Q===', '_w', '/w==', 'QQ==QQ==', ' QQ==', '\0']) {
    t.equal(decodeText(bad), undefined, JSON.stringify(bad))
  }
})

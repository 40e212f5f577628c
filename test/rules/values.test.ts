import t from 'tap'
import {
  formatDuration,
  formatLimit,
  formatRate,
  formatSize,
  parseDuration,
  parseLimit,
  parseRate,
  parseSize,
  parseWorkers
} from '../../src/rules/values.ts'

t.test('durations are a number and a unit', async t => {
  t.equal(parseDuration('250ms'), 250)
  t.equal(parseDuration('5s'), 5000)
  t.equal(parseDuration('1.5s'), 1500)
  t.equal(parseDuration('10m'), 600_000)
  t.equal(parseDuration('1h'), 3_600_000)
  t.equal(parseDuration('0s'), 0)
  for (const wrong of [
    '',
    '5',
    's',
    '-5s',
    '5 s',
    '5S',
    '1d',
    '0.5ms',
    '1e3s',
    '600h',
    '5s\n',
    '99999999999s'
  ]) {
    t.equal(parseDuration(wrong), undefined, JSON.stringify(wrong))
  }
})

t.test('a duration is shown so that it reads back as itself', async t => {
  for (const ms of [0, 1, 250, 1500, 5000, 60_000, 90_000, 3_600_000]) {
    t.equal(parseDuration(formatDuration(ms)), ms, formatDuration(ms))
  }
  t.equal(formatDuration(90_000), '90s')
})

t.test('sizes are a number and a unit of powers of two, or a number of bytes', async t => {
  t.equal(parseSize('512B'), 512)
  t.equal(parseSize('32KiB'), 32_768)
  t.equal(parseSize('10MiB'), 10_485_760)
  t.equal(parseSize('1GiB'), 1_073_741_824)
  t.equal(parseSize(4096), 4096)
  for (const wrong of [
    '',
    '10',
    '10MB',
    '10k',
    '1.5MiB',
    '-1B',
    ' 1B',
    '1B\n',
    '1 KiB',
    -1,
    1.5,
    Number.NaN
  ]) {
    t.equal(parseSize(wrong), undefined, JSON.stringify(wrong))
  }
})

t.test('a size is shown so that it reads back as itself', async t => {
  for (const bytes of [0, 1, 1000, 1024, 1536, 10_485_760, 3 * 1024 ** 3]) {
    t.equal(parseSize(formatSize(bytes)), bytes, formatSize(bytes))
  }
  t.equal(formatSize(1536), '1536B')
})

t.test('rates are percent or a fraction', async t => {
  t.equal(parseRate('30%'), 0.3)
  t.equal(parseRate('0.3'), 0.3)
  t.equal(parseRate(0.3), 0.3)
  t.equal(parseRate('0%'), 0)
  t.equal(parseRate('100%'), 1)
  t.equal(parseRate('0.01%'), 0.0001)
  t.equal(parseRate(1), 1)
  for (const wrong of ['', '30', '101%', '-1%', '1.5', 1.5, -0.1, '%', '3 %', '1e-3', Number.NaN]) {
    t.equal(parseRate(wrong), undefined, String(wrong))
  }
})

t.test('a rate is shown without the noise of floating point', async t => {
  t.equal(formatRate(0.07), '7%')
  t.equal(formatRate(0.29), '29%')
  t.equal(formatRate(0.0001), '0.01%')
  t.equal(formatRate(1), '100%')
})

t.test('a limit is a number in a second, a minute or an hour, and is shown as it was written', async t => {
  t.strictSame(parseLimit('200/s'), { count: 200, perMs: 1000 })
  t.strictSame(parseLimit('5/h'), { count: 5, perMs: 3_600_000 })
  for (const text of ['0/s', '200/s', '1/m', '9999999/h']) {
    const limit = parseLimit(text)
    t.equal(limit === undefined ? undefined : formatLimit(limit), text)
  }
  for (const text of [
    '',
    '200',
    '200/',
    '/s',
    '1.5/s',
    '-1/s',
    '01/s',
    '1/ms',
    '1/d',
    '99999999/s',
    '1/s '
  ]) {
    t.equal(parseLimit(text), undefined, text)
  }
})

t.test('a number of workers is a whole one from 1 up, as text too, or auto', async t => {
  for (const [text, expected] of [
    ['auto', 'auto'],
    [1, 1],
    ['16', 16],
    [256, 256]
  ] as const) {
    t.equal(parseWorkers(text), expected)
  }
  for (const text of [0, -1, 1.5, 257, Number.NaN, '', '0', '1.5', ' 2', '2 ', '1e2', '0x2', 'AUTO', 'all']) {
    t.equal(parseWorkers(text), undefined, String(text))
  }
})

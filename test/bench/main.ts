// `npm run bench`: all of it, in a quarter of an hour; `-- --write` keeps the numbers, the report and the chart.
// `-- --quick` the guard alone, in less than a minute; `-- --profile` where the time goes; `-- --outage` a collector that
// goes away for a minute; `-- --draw` the report and the chart again, from the numbers that are kept; `-- --brief` all
// parts with hardly a request, to see that they run.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { benchAll, brief, full } from './all.ts'
import { machine, machineText } from './machine.ts'
import type { Numbers } from './numbers.ts'
import { benchOutage, outageText } from './outage.ts'
import { benchProfile } from './profiling.ts'
import { quick } from './quick.ts'
import { barsOf } from './report/bars.ts'
import { chartText } from './report/chart.ts'
import { profileText, reportText } from './report/page.ts'
import { createStage, type Stage } from './stage.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    brief: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    outage: { type: 'boolean', default: false },
    draw: { type: 'boolean', default: false }
  }
})
const profileMs = 10_000

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** For who waits; what is printed is the report. */
function tell(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)
}

function inFolder(file: string): URL {
  return new URL(file, import.meta.url)
}

/** All three say the same: report and chart are made from the numbers as they are kept. */
function keep(numbers: Numbers): void {
  const text = `${JSON.stringify(numbers, rounded, 1)}\n`
  const same: Numbers = JSON.parse(text)
  writeFileSync(inFolder('numbers.json'), text)
  writeFileSync(inFolder('chart.svg'), chartText(same))
  writeFileSync(inFolder('README.md'), reportText(same))
}

function kept(): Numbers {
  return JSON.parse(readFileSync(inFolder('numbers.json'), 'utf8'))
}

/** Nobody reads more than five digits. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}

async function onStage<T>(run: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await createStage()
  try {
    return await run(stage)
  } finally {
    await stage.close()
  }
}

async function outage(): Promise<number> {
  const settings = values.quick ? { perSecond: 500, downMs: 10_000 } : { perSecond: 2000, downMs: 60_000 }
  const found = await benchOutage(settings)
  const text = outageText(found)
  say(text)
  if (values.write) {
    const head = '# Outage\n\nMade by `npm run bench -- --outage --write`.'
    writeFileSync(inFolder('outage.md'), `${head}\n\n${machineText(machine())}\n\n${text}\n`)
  }
  return found.checks.every(({ holds }) => holds) ? 0 : 1
}

async function main(): Promise<number> {
  if (values.brief && values.write) {
    tell('--brief measures nothing that is worth keeping')
    return 2
  }
  if (values.outage) return await outage()
  if (values.draw) keep(kept())
  else if (values.quick) {
    say(`${machineText(machine())}\n`)
    say(await onStage(quick))
  } else if (values.profile) {
    const profile = await onStage(stage => benchProfile(stage, profileMs))
    say(profileText({ profile }))
    if (values.write) keep({ ...kept(), profile })
  } else {
    const numbers = await onStage(stage => benchAll(stage, values.brief ? brief : full, tell))
    if (values.write) keep(numbers)
    say(reportText(numbers))
    // Neither what is slow nor what is not installed fails anything: the machine may be at fault.
    const missing = barsOf(numbers).filter(({ met }) => met === 'unknown')
    for (const { what } of missing) tell(`not measured: ${what}`)
  }
  return 0
}

process.exit(await main())

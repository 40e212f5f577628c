// What the process is and uses, under the names that all of Prometheus' clients give it.
// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
import { version } from '../version.ts'
import { createReading, type Family } from './series.ts'

export const processFamilies: readonly Family[] = [
  createReading('gauge', 'tracebridge_build_info', 'The version that runs.', ['version', 'node'], () => [
    [[version, process.versions.node], 1]
  ]),
  createReading('counter', 'process_cpu_seconds', 'CPU time used, user and system.', [], () => {
    const { user, system } = process.cpuUsage()
    return [[[], (user + system) / 1e6]]
  }),
  createReading('gauge', 'process_resident_memory_bytes', 'Resident memory.', [], () => [
    [[], process.memoryUsage.rss()]
  ]),
  createReading('gauge', 'process_start_time_seconds', 'When the process started.', [], () => [
    [[], performance.timeOrigin / 1000]
  ])
]

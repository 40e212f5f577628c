// What work costs this thread, whatever else the machine is busy with.

/** Milliseconds of processor time that `work` took. */
export function effortOf(work: () => unknown): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

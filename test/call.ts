// The call of an attempt, for tests that do not care which.
import type { Hop } from '../src/trace/hop.ts'

export const hop: Hop = {
  service: 'gw',
  instance: 'gw-1',
  endpoint: 'GET:/orders/{id}',
  peer: 'orders:8080',
  number: 1,
  segmentId: '1e7c204a7bf711eab858acde48001122',
  transparent: false
}

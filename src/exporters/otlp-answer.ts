// Reads what a collector answers to an export. Whatever the bytes, the result is a number, never an exception.
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/collector/trace/v1/trace_service.proto

/** ExportTraceServiceResponse.partial_success.rejected_spans; 0 where the answer does not say. */
export function rejectedSpans(answer: Buffer): number {
  const partial = find(answer, 0x0a)
  if (!(partial instanceof Buffer)) return 0
  const rejected = find(partial, 0x08)
  // int64: a negative count is ten bytes long, far beyond what is safe.
  return typeof rejected === 'number' && Number.isSafeInteger(rejected) ? rejected : 0
}

/** The same, of an answer in JSON. */
export function rejectedSpansInJson(answer: Buffer): number {
  let rejected: unknown
  try {
    rejected = JSON.parse(answer.toString())?.partialSuccess?.rejectedSpans
  } catch {
    return 0
  }
  // int64: a text by the book, a number from some.
  const count = typeof rejected === 'string' && digits.test(rejected) ? Number(rejected) : rejected
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? count : 0
}

// https://protobuf.dev/programming-guides/json/, of an int64 that is not negative
const digits = /^[0-9]{1,19}$/

/** The last field of that tag, as protobuf asks; undefined when absent or when the bytes are not protobuf. */
function find(bytes: Buffer, tag: number): Buffer | number | undefined {
  let found: Buffer | number | undefined
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined || scale > 2 ** 63) return Number.NaN
      value += (byte & 0x7f) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const here = varint()
    const value = fieldValue(here % 8, varint)
    if (value === undefined) return undefined
    if (value.skip > bytes.length - at) return undefined
    const data = here % 8 === 2 ? bytes.subarray(at, at + value.skip) : value.number
    at += value.skip
    if (here === tag) found = data
  }
  return found
}

type Value = { readonly number: number; readonly skip: number }

/** A varint's value, or how many bytes the value behind the tag takes. */
function fieldValue(wireType: number, varint: () => number): Value | undefined {
  if (wireType === 0) {
    const number = varint()
    return Number.isNaN(number) ? undefined : { number, skip: 0 }
  }
  if (wireType === 1) return { number: 0, skip: 8 }
  if (wireType === 5) return { number: 0, skip: 4 }
  if (wireType !== 2) return undefined
  const skip = varint()
  return Number.isNaN(skip) ? undefined : { number: 0, skip }
}

// 64-bit numbers between the decimal of some wires and the 16 hex digits of all else.

// https://protobuf.dev/programming-guides/proto3/#scalar (uint64): 20 digits hold the largest.
const decimalPattern = /^[0-9]{1,20}$/
const largest = 0xffff_ffff_ffff_ffffn

/** 16 lower-case hex digits, zeros included; undefined unless the text is an unsigned decimal of at most 64 bits. */
export function hexOfDecimal(text: string): string | undefined {
  if (!decimalPattern.test(text)) return undefined
  const value = BigInt(text)
  return value > largest ? undefined : value.toString(16).padStart(16, '0')
}

/** The unsigned decimal of hex digits, which must be nothing else. */
export function decimalOfHex(digits: string): string {
  return BigInt(`0x${digits}`).toString()
}

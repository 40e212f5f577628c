// Fills in what rules leave out about baggage, and shows it to people again: it knows who carries it.
import { baggageDialects } from '../baggage/find.ts'
import type { BaggageSettings } from './settings.ts'
import type { DecodedBaggage } from './shape.ts'
import type { Shown } from './shown.ts'

const defaults = { allow: 'all', maxBytes: 8192 } as const

/** What one block of rules says, from the most particular to the top of the file. */
export type BaggageLayers = readonly (DecodedBaggage | undefined)[]

/**
 * The first layer that says something has its way. With nothing said of it, baggage is read and written as the traces
 * beside it are, and as W3C's.
 */
export function settleBaggage(
  layers: BaggageLayers,
  accept: readonly string[],
  emit: readonly string[]
): BaggageSettings {
  const said = <K extends keyof DecodedBaggage>(key: K): DecodedBaggage[K] =>
    layers.find(layer => layer?.[key] !== undefined)?.[key]
  return {
    accept: said('accept') ?? carriersOf(accept),
    emit: said('emit') ?? carriersOf(emit),
    allow: said('allow') ?? defaults.allow,
    maxBytes: said('max-bytes') ?? defaults.maxBytes
  }
}

export function showBaggage({ accept, emit, allow, maxBytes }: BaggageSettings): Shown {
  return { accept, emit, allow, 'max-bytes': maxBytes }
}

function carriersOf(names: readonly string[]): readonly string[] {
  return [...new Set([...names.filter(name => baggageDialects.has(name)), 'w3c'])]
}

/**
 * Of a default `accept` all but SOFA's: any field whose name begins with `baggage-` is its own, which is too much to
 * take from callers that were never said to speak it.
 */
export function carriersByDefault(accept: readonly string[]): readonly string[] {
  return accept.filter(name => name !== 'sofa')
}

/** For somebody else's upstream the top of the file does not speak: it gets none that was not meant for it. */
export function baggageOfTop(top: DecodedBaggage | undefined, external: boolean): DecodedBaggage | undefined {
  return external ? { ...top, emit: [] } : top
}

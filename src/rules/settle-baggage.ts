// Baggage with what rules leave out filled in: the part of settle.ts that knows who carries it.
import { baggageDialects } from '../baggage/find.ts'
import type { BaggageSettings } from './settings.ts'
import type { DecodedBaggage } from './shape.ts'

const defaults: BaggageSettings = { accept: [], emit: ['w3c'], allow: 'all', maxBytes: 8192 }

/** What one block of rules says, from the most particular to the top of the file. */
export type BaggageLayers = readonly (DecodedBaggage | undefined)[]

/**
 * The first layer that says something has its way. With nothing said of it, the baggage of every dialect in `accept`
 * is read, and W3C's.
 */
export function settleBaggage(layers: BaggageLayers, accept: readonly string[]): BaggageSettings {
  const said = <K extends keyof DecodedBaggage>(key: K): DecodedBaggage[K] =>
    layers.find(layer => layer?.[key] !== undefined)?.[key]
  return {
    accept: said('accept') ?? carriersOf(accept),
    emit: said('emit') ?? defaults.emit,
    allow: said('allow') ?? defaults.allow,
    maxBytes: said('max-bytes') ?? defaults.maxBytes
  }
}

function carriersOf(accept: readonly string[]): readonly string[] {
  return [...new Set([...accept.filter(name => baggageDialects.has(name)), 'w3c'])]
}

/** For somebody else's upstream the top of the file does not speak: it gets none that was not meant for it. */
export function baggageOfTop(top: DecodedBaggage | undefined, external: boolean): DecodedBaggage | undefined {
  return external ? { ...top, emit: [] } : top
}

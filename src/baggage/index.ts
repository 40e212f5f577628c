// The registry. A new baggage dialect is one file and one line here; names in rules follow from it.
export { eagleeye } from './eagleeye.ts'
export { jaeger } from './jaeger.ts'
export { ot } from './ot.ts'
export { sofa } from './sofa.ts'
export { sw8 } from './sw8.ts'
export { w3c } from './w3c.ts'

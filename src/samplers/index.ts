// The registry. A new sampler is one file and one line here.
export { ratio } from './ratio.ts'

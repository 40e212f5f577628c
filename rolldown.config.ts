// `npm run build`: some 40 files in place of 400, for to find and load one takes Node half a millisecond. What `import()`
// names stays in files of its own, so that `serve` loads no other command.
import { readFileSync } from 'node:fs'
import type { RolldownOptions } from 'rolldown'

/** Of a licence that wants to be in every copy. */
const notice = `/*! yaml\n${readFileSync('node_modules/yaml/LICENSE', 'utf8')}*/`

const options = {
  input: './src/main.ts',
  platform: 'node',
  // Packages stay packages. Only yaml is built in: its 72 files are needed by every start.
  external: /^(?!yaml$)[^./]/,
  // As Node runs the sources: types go, and nothing else changes.
  tsconfig: false,
  output: {
    dir: 'dist',
    cleanDir: true,
    // All side by side, as src/home.ts counts on.
    chunkFileNames: '[name].js',
    sourcemap: true,
    sourcemapExcludeSources: true,
    postBanner: ({ moduleIds }) => (moduleIds.some(id => id.includes('/node_modules/yaml/')) ? notice : '')
  }
} satisfies RolldownOptions

// biome-ignore lint/style/noDefaultExport: rolldown asks for it.
export default options

/** The folder of this package: above this file in src, and above dist, whose files are all side by side. */
export const home = new URL('../', import.meta.url)

// The promise of the sample rate over ten thousand requests.
process.env['HELD_REQUESTS'] = '10000'
await import('../features/somebody-elses-collector.test.ts')

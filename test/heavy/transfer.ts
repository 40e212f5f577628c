// "Does a gibibyte each way stay in memory?" The test of test/features with as much.
process.env['TRANSFER_MIB'] ??= '1024'
await import('../features/transfer.test.ts')

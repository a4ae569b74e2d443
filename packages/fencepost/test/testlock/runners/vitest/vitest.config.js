import { defineConfig } from 'vitest/config'

const LONGEST_MS = 120_000

export default defineConfig({
  test: { include: ['*.fixture.js'], globals: process.env.GLOBALS === 'true', testTimeout: LONGEST_MS, maxWorkers: 2 },
})

import { testLock } from 'fencepost/testing'
import { options, scenario } from '../scenarios.js'

testLock('billing', options)
test('in vitest with globals', scenario)

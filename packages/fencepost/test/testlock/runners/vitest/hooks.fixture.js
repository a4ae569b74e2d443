import { testLock } from 'fencepost/testing'
import * as hooks from 'vitest'
import { options, scenario } from '../scenarios.js'

testLock('billing', { ...options, hooks })
hooks.test('in vitest', scenario)

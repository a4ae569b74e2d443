import { test } from 'node:test'
import { testLock } from 'fencepost/testing'
import { options, scenario } from '../scenarios.js'

testLock('billing', options)
void test('in node:test', scenario)

/**
 * Counts what vitest's JSON report says. A file that failed before its first test counts as one failed test, since its
 * tests are in no other figure.
 *
 * @param {{ testResults: { status: string, assertionResults: { status: string }[] }[] } | null} results null: no report
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function countTests(results) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const file of results?.testResults ?? []) {
    const failedBefore = counts.failed
    for (const { status } of file.assertionResults) {
      if (status === 'passed') counts.passed++
      else if (status === 'failed') counts.failed++
      else counts.skipped++
    }
    if (file.status === 'failed' && counts.failed === failedBefore) counts.failed++
  }
  return counts
}

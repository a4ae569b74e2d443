/**
 * How to start npm: the npm that runs us if there is one, so that both are the same version.
 *
 * @returns {{ command: string, args: string[], shell: boolean }}
 */
export function findNpm() {
  const running = process.env.npm_execpath
  if (running?.endsWith('npm-cli.js')) return { command: process.execPath, args: [running], shell: false }
  // On Windows npm is a batch file, which only a shell can start.
  return { command: 'npm', args: [], shell: process.platform === 'win32' }
}

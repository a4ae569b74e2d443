import { cpus, platform, release } from 'node:os'

/** Which figures come from: `2 cores (…), linux 6.1`. */
export function machine() {
  return `${cpus().length} cores (${cpus()[0]?.model.trim() ?? '?'}), ${platform()} ${release()}`
}

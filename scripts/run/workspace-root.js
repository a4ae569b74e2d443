import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

// Not import.meta.dirname: a Node too old to know it must still reach the message that says so.
export const workspaceRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** An error that is the user's to mend: its message is all that is printed, without a stack. */
export class ScriptError extends Error {
  /** @param {string} message @param {number} exitCode */
  constructor(message, exitCode = 1) {
    super(message)
    this.name = 'ScriptError'
    this.exitCode = exitCode
  }
}

// Installs what drives the browser, if it is not there yet; says on stdout why it could not.
import { installFolder } from '../../../../scripts/run/install-folder.js'

const failure = await installFolder(import.meta.dirname, { say: 'test: installing what looks at the page of the lab' })
if (failure !== null) console.log(failure)

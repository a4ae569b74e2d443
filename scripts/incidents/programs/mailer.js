// Enqueues three mails and works on their queue.
import { defineJob, fencepost } from 'fencepost'

const fp = fencepost(process.env.DATABASE_URL, { application: 'mailer' })
const send = defineJob({ name: 'send-mail', queue: 'mail', run: () => {} })
await fp.jobs.pause('mail')
await fp.enqueueMany(send, [1, 2, 3])
fp.worker([send])
console.log('working')

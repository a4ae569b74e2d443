import { asError } from '../ground/as-error.ts'
import { StaleTokenError } from '../ground/errors.ts'
import { checkFenced, type Fenced } from './fenced.ts'
import { percentEncode } from './header.ts'

/** As much of an object's place and description as we use. */
export interface S3Object {
  readonly Bucket?: string | undefined
  readonly Key?: string | undefined
  readonly Metadata?: Record<string, string> | undefined
}

/** How to send the two commands, so that no SDK is a dependency: `(input) => client.send(new HeadObjectCommand(input))` and so on. */
export interface S3Commands<Input, Output> {
  readonly head: (input: { Bucket: string; Key: string }) => Promise<{
    readonly ETag?: string | undefined
    readonly Metadata?: Record<string, string> | undefined
  }>
  readonly put: (input: Input & Written) => Promise<Output>
}

interface Written {
  readonly Metadata: Record<string, string>
  readonly IfMatch?: string
  readonly IfNoneMatch?: string
}

const TOKEN = 'fencepost-token'
const NAME = 'fencepost-name'
const ATTEMPTS = 8

/**
 * Puts an object unless one with a newer token stands there; the token is kept in its metadata. What is put depends on what was looked
 * at (`If-Match` on the ETag), so nothing comes between the look and the write. Who writes the very bytes that stand there leaves the ETag as
 * it was: put something of each write into the body, the token, say.
 *
 * @throws {StaleTokenError} if a newer token has been seen: nothing was written, do not retry.
 * @throws {LockReleasedError} after the release.
 * @throws what the server said; 412 or 409 if others kept writing in between, eight times over.
 */
export async function s3<Input extends S3Object, Output>(
  lock: Fenced,
  { head, put }: S3Commands<Input, Output>,
  input: Input,
): Promise<Output> {
  checkFenced(lock)
  const place = placeOf(input)
  const Metadata = { ...input.Metadata, [NAME]: percentEncode(lock.name), [TOKEN]: String(lock.token) }
  for (let attempt = 1, refused = ''; ; attempt++) {
    const found = await look(head, place)
    refuseStale(lock, found?.Metadata?.[TOKEN])
    const etag = found === null ? null : etagOf(found)
    // Refused though nothing has changed: Ceph (16) compares without the quotes that it tells and RFC 9110 wants.
    const condition =
      etag === null ? { IfNoneMatch: '*' } : { IfMatch: etag === refused ? etag.replaceAll('"', '') : etag }
    try {
      return await put({ ...input, Metadata, ...condition })
    } catch (error) {
      refused = etag ?? ''
      // Somebody wrote in between (412, or 409 while it still does), or took it away (404): look again.
      if (attempt === ATTEMPTS || ![404, 409, 412].includes(statusOf(error) ?? 0)) throw error
    }
  }
}

function placeOf({ Bucket, Key }: S3Object): { Bucket: string; Key: string } {
  if (typeof Bucket !== 'string' || typeof Key !== 'string') throw new TypeError('fence.s3() needs a Bucket and a Key')
  return { Bucket, Key }
}

async function look<Input, Output>(head: S3Commands<Input, Output>['head'], place: { Bucket: string; Key: string }) {
  try {
    return await head(place)
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw error
  }
}

function refuseStale({ name, token }: Fenced, seen: string | undefined): void {
  if (seen === undefined || Number(seen) <= token) return
  const cause = new Error(`token ${seen} stands in the metadata`)
  throw new StaleTokenError(name, token, cause, `Token ${seen} has been seen.`)
}

function etagOf({ ETag }: { readonly ETag?: string | undefined }): string {
  if (ETag === undefined) throw new TypeError('the server tells no ETag, without which nothing can be fenced')
  return ETag
}

/** As the SDK's errors carry it. */
function statusOf(error: unknown): number | undefined {
  const { $metadata } = asError(error) as Error & { $metadata?: { httpStatusCode?: number } }
  return $metadata?.httpStatusCode
}

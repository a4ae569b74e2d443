import { installPeers } from '../peers/install-peers.js'

/** Before any test is loaded, as one would find packages that are half installed by another. What is wanting in the end the tests tell. */
export default async function setup() {
  await installPeers()
}

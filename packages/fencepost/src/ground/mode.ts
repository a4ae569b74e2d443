/** One exclusive holder, or any number of shared ones. */
export type Mode = 'exclusive' | 'shared'

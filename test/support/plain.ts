/** The same as JSON carries it: what has no place there is gone, and nothing is shared. */
export const plain = (value: unknown): unknown =>
  value === undefined || typeof value === 'string' || typeof value === 'boolean'
    ? value
    : JSON.parse(JSON.stringify(value));

/** A word as a shell takes it in one piece. Names of secrets and stacks need no quotes, those of executions may. */
export const quoted = (word: string): string =>
  /^[\w/+=.@:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

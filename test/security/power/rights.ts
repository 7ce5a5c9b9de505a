/** What someone may do with one secret of an application, or with the machines. */
export const RIGHTS = ['write', 'read', 'tag', 'start', 'recover', 'deploy'] as const;
export type Right = (typeof RIGHTS)[number];

/** What they want of it. */
export const WANTS = ['user', 'pair', 'another user', 'admin', 'roles', 'host', 'harm', 'outage'] as const;
export type Want = (typeof WANTS)[number];

/** Each right alone, and any two. */
export const CELLS: readonly (readonly Right[])[] = RIGHTS.flatMap((one, index) => [
  [one],
  ...RIGHTS.slice(index + 1).map((other) => [one, other] as const),
]);

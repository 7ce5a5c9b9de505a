/** What was called otherwise before 0.2. */
const RENAMED: Readonly<Record<string, string>> = {
  forwardBudget: 'propagationTimeout',
  forwardBudgetSeconds: 'propagationTimeoutSeconds',
  stragglerWait: 'drain',
  stragglerSeconds: 'drainSeconds',
  predecessor: 'retirementPolicy',
};

/** @returns what to do about a name, if it is one of before 0.2 */
export const renaming = (name: string): string | undefined => {
  const renamed = RENAMED[name];
  return renamed === undefined ? undefined : `${name} is called ${renamed} since 0.2: rename it`;
};

/** JavaScript, and an app that is built from parts, would pass an old name on without a word, and it would be ignored. */
export const refuseRenamed = (options: object, refuse: (what: string) => never): void => {
  for (const name of Object.keys(options)) {
    const told = renaming(name);
    if (told !== undefined) refuse(told);
  }
};

/** As many calls at a time as the smallest of the quotas allows in a burst, in the order of the items. */
const AT_A_TIME = 10;

export const inParallel = async <T, R>(items: readonly T[], call: (item: T) => Promise<R>): Promise<R[]> => {
  const results = new Array<R>(items.length);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await call(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return results;
};

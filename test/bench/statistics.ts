/** What many measurements of the same came to. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly of: number;
}

export const summaryOf = (values: readonly number[]): Summary => {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: medianOf(sorted), min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, of: sorted.length };
};

const medianOf = (sorted: readonly number[]): number => {
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};

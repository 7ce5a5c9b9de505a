import * as z from 'zod';

/**
 * The value of a version that holds the lock but no credential. It helps the recovery that takes over, and proves nothing: who may
 * write the secret can write one.
 */
const Marker = z.object({
  'docdb-rotation': z.object({
    execution: z.string(),
    /** The versions that the execution works with: the database may have one of their passwords. */
    pending: z.array(z.string().min(32).max(64)).max(20),
  }),
});

export const markerOf = (execution: string, pending: readonly string[]): string =>
  JSON.stringify({ 'docdb-rotation': { execution, pending } });

/** @returns the versions that a marker names; undefined for a value that is none */
export const pendingInMarker = (text: string | undefined): readonly string[] | undefined => {
  try {
    const result = Marker.safeParse(JSON.parse(text ?? ''));
    return result.success ? result.data['docdb-rotation'].pending : undefined;
  } catch {
    return undefined;
  }
};

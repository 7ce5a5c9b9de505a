import { z } from 'zod';

/** Which step fails, or takes how long: from the tag of the secret, so that one function serves every question. */
export const BEHAVIOUR_TAG = 'docdb-rotation-conformance:behaviour';

/** The secret in which calls are noted down. */
export const NOTES_TAG = 'docdb-rotation-conformance:notes';

/** One call of the rotation function, at its begin or its end. */
const Note = z.object({ step: z.string(), token: z.string(), at: z.number(), ended: z.boolean() });

export const Notes = z.array(Note);
export type Note = z.infer<typeof Note>;

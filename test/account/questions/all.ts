import type { Group } from '../question.ts';
import { refusals } from './refusals.ts';
import { sessions } from './sessions.ts';
import { users } from './users.ts';

/** In the order in which they are asked: what could spoil something for others comes late. */
export const GROUPS: readonly Group[] = [refusals, sessions, users];

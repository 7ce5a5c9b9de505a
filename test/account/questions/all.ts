import type { Group } from '../question.ts';
import { events } from './events.ts';
import { faults } from './faults.ts';
import { labels } from './labels.ts';
import { refusals } from './refusals.ts';
import { rotationService } from './rotation-service.ts';
import { rotations } from './rotations.ts';
import { sessions } from './sessions.ts';
import { takingDown } from './taking-down.ts';
import { users } from './users.ts';

/** In the order in which they are asked: what could spoil something for others comes late. */
export const GROUPS: readonly Group[] = [
  refusals,
  sessions,
  labels,
  rotationService,
  rotations,
  events,
  users,
  faults,
  takingDown,
];

import { createHash } from 'node:crypto';

/** Longest name of an execution: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const LONGEST_NAME = 80;

/** What the trigger starts. */
export type TriggerMode = 'rotate' | 'check';

/** A rotation by Secrets Manager, as its own calls tell it apart. */
export interface RotationId {
  readonly secretArn: string;
  readonly token: string;
  /** On which it began, `20260131`. */
  readonly day: string;
}

/**
 * The same rotation always has the same name, so that a second call finds the first one's execution. Begins with the secret's name,
 * the mode and the day, for people.
 */
export const executionName = (mode: TriggerMode, rotation: RotationId, attempt: number): string =>
  named(rotation.secretArn, `-${mode}-${dayAndHash(rotation)}-${attempt}`);

/** Two secrets may have the same token, so the ARN counts too. */
export const dayAndHash = (rotation: RotationId): string =>
  `${rotation.day}-${hashOf(rotation).slice(0, 24)}`;

/** The name that a rotation's execution had before 0.2. To be removed with 1.0. */
export const executionNameBefore02 = (rotation: Omit<RotationId, 'day'>, attempt: number): string =>
  // Room for the "-check" of a lone test.
  named(rotation.secretArn, `-${hashOf(rotation)}-${attempt}`, 7);

const hashOf = ({ secretArn, token }: Omit<RotationId, 'day'>): string =>
  createHash('sha256').update(`${secretArn} ${token}`).digest('hex').slice(0, 32);

const named = (secretArn: string, ending: string, room = 0): string => {
  const name = (secretArn.split(':').at(-1) ?? '').replace(/[^A-Za-z0-9_-]+/g, '-');
  return `${name.slice(0, LONGEST_NAME - ending.length - room)}${ending}`;
};

import { z } from 'zod';
import { loadWorld } from '../../../support/deployed-world.ts';
import type { SeenWorld } from '../../../support/seen-world.ts';
import type { DatabaseSecret, LocalStack } from '../../deployment/index.ts';
import type { Terminal } from '../terminal.ts';
import { type Course, follow } from './follow.ts';
import { judge } from './judge.ts';
import { logInAllTheTime } from './login-client.ts';
import type { Verdict } from './rotation-record.ts';

export interface PairRotation {
  readonly name: string;
  readonly strategy: string;
  /** @default - the replaced user stays as it is */
  readonly retired?: 'deleted' | 'locked';
}

const Rotated = z.object({ retirement: z.string().optional() });
const Retired = z.object({ outcome: z.string() });

/** Replaces a user by its other half, under a client that must not notice, and retires it where that is due. */
export const rotatePair = async (
  stack: LocalStack,
  secret: DatabaseSecret,
  { name, strategy, retired }: PairRotation,
  terminal: Terminal,
): Promise<Verdict> => {
  const place = { arn: secret.arn, isPair: true, users: [secret.username, `${secret.username}_clone`] };
  const before = await loadWorld(stack, place);
  const client = logInAllTheTime(stack, secret.arn);
  try {
    const rotation = await follow(
      stack.executions,
      await stack.executions.start({ secretId: secret.name }),
      terminal,
    );
    const retirement = await followRetirement(stack, rotation, terminal);
    const counted = await client.stop();
    terminal.line(`  a client logged in ${counted.logins} times meanwhile; ${counted.loginFailures} failed`);
    const after = await loadWorld(stack, place);
    const verdict = judge(
      {
        name,
        mode: 'rotate',
        strategy,
        status: 'SUCCEEDED',
        aftermath: 'rotated',
        through: ['TestSecret', 'Rotated', ...(retired ? ['WaitForGrace', 'RetireUser', 'Retired'] : [])],
        ...(retired ? { retired } : { keepsPredecessor: true }),
      },
      joined(rotation, retirement),
      before,
      after,
      { ...counted, retired: outcomeOf(retirement) },
    );
    return { ...verdict, problems: [...verdict.problems, ...userProblems(after, secret, retired)] };
  } finally {
    await client.stop();
  }
};

const followRetirement = async (
  stack: LocalStack,
  { output }: Course,
  terminal: Terminal,
): Promise<Course | undefined> => {
  const { retirement } = Rotated.parse(JSON.parse(output ?? '{}'));
  if (!retirement?.startsWith('arn:')) return undefined;
  terminal.line('  the retirement of the replaced user, an execution of its own');
  return follow(stack.retirements, retirement, terminal);
};

const outcomeOf = (retirement: Course | undefined): string | null =>
  retirement?.output ? Retired.parse(JSON.parse(retirement.output)).outcome : null;

/** Both as one: what is red in either must be seen. */
const joined = (rotation: Course, retirement: Course | undefined): Course =>
  retirement
    ? {
        ...(rotation.status === 'SUCCEEDED' ? retirement : rotation),
        seconds: rotation.seconds + retirement.seconds,
        states: [...rotation.states, ...retirement.states],
      }
    : rotation;

/** Who is still there. */
const userProblems = (
  { users }: SeenWorld,
  { username }: DatabaseSecret,
  retired: PairRotation['retired'],
): string[] => {
  const names = Object.keys(users);
  const isThere = names.includes(username);
  const problems = names.includes(`${username}_clone`) ? [] : [`the database has no ${username}_clone`];
  if (isThere && retired === 'deleted') problems.push(`the database still has ${username}`);
  if (!isThere && retired !== 'deleted') problems.push(`the database has no ${username} any more`);
  return problems;
};

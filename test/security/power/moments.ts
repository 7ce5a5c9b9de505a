import type { LocalStack } from '../../local-stack/deployment/index.ts';
import type { Act } from './any-arena.ts';

/** The moments of an execution on the stack in which someone else acts. Each is a fact that is waited for; what comes is held meanwhile. */
export const MOMENTS = [
  'before it has the lock',
  'before the user is changed',
  'in SetSecret, after the user is changed',
  'between SetSecret and FinishSecret',
  'before AWSCURRENT moves',
  'after AWSCURRENT moved',
] as const;
export type Moment = (typeof MOMENTS)[number];

/** Whose execution it is. */
export interface Watched {
  readonly secretArn: string;
  readonly usernames: readonly string[];
}

/** Acts once, at that moment, as soon as it comes. @returns how to wait no more */
export const onceAt = (stack: LocalStack, moment: Moment, watched: Watched, act: Act): (() => void) =>
  moment === 'before it has the lock' || moment.includes('AWSCURRENT')
    ? atRequest(stack, moment, watched, act)
    : atCommand(stack, moment, watched, act);

const atRequest = (stack: LocalStack, moment: Moment, { secretArn }: Watched, act: Act): (() => void) => {
  const when = moment.startsWith('after') ? 'after' : 'before';
  const stop = stack.secretsManagerStandIn.onRequest(async (request) => {
    if (request.secretId !== secretArn || request.moment !== when) return;
    const isMove =
      request.operation === 'UpdateSecretVersionStage' && request.input.VersionStage === 'AWSCURRENT';
    if (moment === 'before it has the lock' ? request.operation !== 'PutSecretValue' : !isMove) return;
    stop();
    await act();
  });
  return stop;
};

const CHANGES = ['updateUser', 'createUser'];

const atCommand = (stack: LocalStack, moment: Moment, { usernames }: Watched, act: Act): (() => void) => {
  let isChanged = false;
  const isIt = (event: { when: string; command: string; target?: string; user?: string }): boolean => {
    const isChange = CHANGES.includes(event.command) && usernames.includes(event.target ?? '');
    if (moment === 'before the user is changed') return isChange && event.when === 'before';
    if (moment === 'in SetSecret, after the user is changed') return isChange && event.when === 'after';
    // TestSecret comes as the user that was changed.
    const isNextLogin = event.command === 'saslStart' && usernames.includes(event.user ?? '');
    if (isChanged && isNextLogin && event.when === 'before') return true;
    isChanged ||= isChange && event.when === 'after';
    return false;
  };
  const stop = stack.documentDb.onCommand(async (event) => {
    if (!isIt(event)) return;
    stop();
    await act();
  });
  return stop;
};

import { randomBytes } from 'node:crypto';
import { PutSecretValueCommand, TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { PROVEN_TAG, USER_TAG } from '../../../functions/contract/tags.ts';
import type { Role } from '../../../functions/database/database.ts';
import { asPaired, asProven } from '../../../functions/secret/proven.ts';
import { labelsOf } from '../../e2e/rotations/outside-judge.ts';
import type { DatabaseSecret, LocalStack } from '../../local-stack/deployment/index.ts';
import { READ_WRITE } from '../../support/in-memory-database.ts';
import { newPassword } from '../../support/in-memory-secret-store.ts';
import type { Credential } from './any-arena.ts';
import { LITTLE } from './gains.ts';
import type { ArenaOptions } from './worlds.ts';

/** A world of worlds.ts on the deployed stack: a secret and users of its own, beside those of others. */
export interface StackWorld {
  /** Tells it apart. */
  readonly tag: string;
  readonly options: ArenaOptions;
  readonly secret: DatabaseSecret;
  readonly pairUser: string;
  /** The attacker's. */
  readonly own: Credential;
  /** Users of no one here, with the passwords that only their owners know. */
  readonly others: readonly Credential[];
  readonly otherUser: string;
}

/** The value of a version, as people have it. */
export const textOf = ({ documentDb: { host, port } }: LocalStack, keys: object): string =>
  JSON.stringify({ engine: 'mongo', host, port, ssl: true, dbClusterIdentifier: 'local', ...keys });

export const makeWorld = async (stack: LocalStack, arena: ArenaOptions): Promise<StackWorld> => {
  const tag = randomBytes(5).toString('hex');
  const { options, pair } = arena;
  const username = `${options.username ?? 'app'}_${tag}`;
  const pairUser = `${username}_clone`;
  const own = { username: `mallory_${tag}`, password: newPassword() };
  const other = { username: `billing_${tag}`, password: newPassword() };
  const foreignPair = { username: pairUser, password: newPassword() };
  await createUser(stack, own, LITTLE);
  await createUser(stack, other, READ_WRITE);
  if (pair === 'someone else’s') await createUser(stack, foreignPair, READ_WRITE);
  if (pair === 'the attacker’s') await createUser(stack, { ...own, username: pairUser }, LITTLE);
  const secret = await stack.makeSecret({
    username,
    roles: options.roles ?? READ_WRITE,
    masterarn: options.admin ?? false,
    tags: tagsOf(arena),
  });
  await addPrevious(stack, secret, arena);
  const others = [other, ...(pair === 'someone else’s' ? [foreignPair] : [])];
  return { tag, options: arena, secret, pairUser, own, others, otherUser: other.username };
};

const tagsOf = ({
  options: { strategy = 'single-user', retirementPolicy },
}: ArenaOptions): Record<string, string> => ({
  'docdb-rotation:strategy': strategy,
  ...(retirementPolicy ? { 'docdb-rotation:retirement-policy': retirementPolicy } : {}),
});

/** What an earlier rotation left, and its record. */
const addPrevious = async (
  stack: LocalStack,
  { arn, username: current }: DatabaseSecret,
  { options: { previous, roles = READ_WRITE } }: ArenaOptions,
): Promise<void> => {
  if (previous === undefined) return;
  const isPair = previous.username.endsWith('_clone');
  const credential = { username: isPair ? `${current}_clone` : current, password: newPassword() };
  if (isPair) {
    const password = previous.state === 'logs in' ? credential.password : newPassword();
    await createUser(stack, { ...credential, password }, roles);
  }
  const { VersionId = '' } = await stack.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: arn,
      SecretString: textOf(stack, credential),
      VersionStages: ['AWSPREVIOUS'],
    }),
  );
  const { current: version = '' } = await labelsOf(stack, arn);
  const record = [version, VersionId].flatMap(isPair ? asPaired : asProven).join(' ');
  await stack.secretsManager.send(
    new TagResourceCommand({
      SecretId: arn,
      Tags: [
        { Key: PROVEN_TAG, Value: record },
        { Key: USER_TAG, Value: current },
      ],
    }),
  );
};

const createUser = async (
  stack: LocalStack,
  { username, password }: Credential,
  roles: readonly Role[],
): Promise<void> => {
  await stack.runCommand({ createUser: username, pwd: password, roles: [...roles] });
};

import { randomUUID } from 'node:crypto';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleCommand } from '../../../infra/build/bundle-command.ts';
import {
  type DatabaseSecret,
  type LocalStack,
  newPassword,
  startLocalStack,
} from '../../local-stack/deployment/index.ts';
import { labelsOf } from '../../support/deployed-world.ts';
import { holdInWindow } from '../rotations/holds.ts';
import { currentLogsIn, OWNER, labelsOf as settledLabelsOf } from '../rotations/outside-judge.ts';
import { CommandLine, type Ran } from './command-process.ts';

/**
 * An operator's drill: ten broken secrets, each found, explained and put right with nothing but the command, as one on call would. What
 * breaks them is done by other means.
 */
let stack: LocalStack;
let command: CommandLine;
beforeAll(async () => {
  await bundleCommand();
  stack = await startLocalStack({ instances: 2, propagationTimeoutSeconds: 4, drainSeconds: 1 });
  command = new CommandLine(stack);
});
afterEach(async () => {
  await stack?.documentDb.setPropagationDelay(1, 0);
});
afterAll(async () => {
  await stack?.stop();
});

const textOf = async (secret: DatabaseSecret): Promise<string> =>
  (await stack.secretsManager.send(new GetSecretValueCommand({ SecretId: secret.arn }))).SecretString ?? '';

const write = async (secret: DatabaseSecret, text: string, ...labels: string[]): Promise<void> => {
  await stack.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: secret.arn,
      SecretString: text,
      ClientRequestToken: randomUUID(),
      ...(labels.length > 0 ? { VersionStages: labels } : {}),
    }),
  );
};

const edit = async (secret: DatabaseSecret, changes: Record<string, unknown>): Promise<void> =>
  await write(secret, JSON.stringify({ ...JSON.parse(await textOf(secret)), ...changes }));

const moveCurrent = async (secret: DatabaseSecret): Promise<void> => {
  const { AWSCURRENT, AWSPREVIOUS } = await labelsOf(stack, secret.arn);
  await stack.secretsManager.send(
    new UpdateSecretVersionStageCommand({
      SecretId: secret.arn,
      VersionStage: 'AWSCURRENT',
      RemoveFromVersionId: AWSCURRENT,
      MoveToVersionId: AWSPREVIOUS,
    }),
  );
};

const succeeds = async (...words: string[]): Promise<Ran> => {
  const ran = await command.run(...words);
  expect(ran.status, ran.stdout + ran.stderr).toBe(0);
  return ran;
};

/** The command's own words for what is wrong, and the way out that it names. */
interface Case {
  readonly what: string;
  readonly breakIt: (secret: DatabaseSecret) => Promise<void>;
  /** Where the operator sees it, and what is to be seen there. */
  readonly named: readonly [(secret: DatabaseSecret) => string[], RegExp];
  readonly explained: RegExp;
  readonly mended: readonly ((secret: DatabaseSecret) => string[])[];
}

const list = (): string[] => ['list'];
const status = ({ name }: DatabaseSecret): string[] => ['status', name];
const rotate = ({ name }: DatabaseSecret): string[] => ['rotate', name];
const revert = ({ name }: DatabaseSecret): string[] => ['revert', name, '--yes'];
const recover = ({ name }: DatabaseSecret): string[] => ['recover', name, '--yes'];
const wait = ({ name }: DatabaseSecret): string[] => ['watch', name];

const CASES: readonly Case[] = [
  {
    what: 'a password edited by hand',
    breakIt: async (secret) => await edit(secret, { password: newPassword() }),
    named: [status, /AWSCURRENT is not known to log in/],
    explained: /CredentialNotPropagatedError[\s\S]*What to do: [\s\S]*recovery/,
    mended: [recover],
  },
  {
    what: 'a mistyped host',
    breakIt: async (secret) => await edit(secret, { host: 'no-such-cluster.invalid' }),
    named: [status, /UntrustedVersionError/],
    explained: /What to do: UntrustedVersionError/,
    mended: [revert],
  },
  {
    what: 'a value that is no JSON',
    breakIt: async (secret) => await write(secret, `${(await textOf(secret)).slice(0, -1)},}`),
    named: [status, /InvalidSecretError/],
    explained: /What to do: InvalidSecretError/,
    mended: [revert],
  },
  {
    what: 'AWSPENDING left behind by another tool',
    breakIt: async (secret) => await write(secret, await textOf(secret), 'AWSPENDING'),
    named: [list, /AWSPENDING stuck: recover/],
    explained: /Labels now: .*AWSPENDING on/,
    mended: [recover],
  },
  {
    what: 'a lock that no execution has',
    breakIt: async (secret) => await write(secret, await textOf(secret), OWNER),
    named: [list, /locked, nothing runs: recover/],
    explained: /It is locked, and the execution that has the lock does not run/,
    mended: [recover],
  },
  {
    what: 'AWSCURRENT moved to an old version',
    breakIt: moveCurrent,
    named: [status, /AWSCURRENT is not known to log in/],
    explained: /What to do: CredentialNotPropagatedError/,
    mended: [recover],
  },
  {
    what: 'a rotation that was aborted in the middle',
    breakIt: async (secret) => {
      const held = holdInWindow(stack, secret.username);
      const execution = await stack.executions.start({ secretId: secret.name });
      await held.arrived;
      await stack.executions.abort(execution);
      held.release();
    },
    named: [list, /recovery succeeded/],
    explained: /CutOff[\s\S]*What to do: Aborted or timed out/,
    mended: [wait],
  },
  {
    what: 'a rotation that was rolled back, since one instance lagged',
    breakIt: async (secret) => {
      await stack.documentDb.setPropagationDelay(1, Number.POSITIVE_INFINITY);
      await command.run('rotate', secret.name);
      await stack.documentDb.setPropagationDelay(1, 0);
    },
    named: [list, /RolledBack/],
    explained: /What to do: RolledBack/,
    mended: [rotate],
  },
  {
    what: 'no version that logs in',
    breakIt: async (secret) => {
      await stack.allowResetThroughAdmin(secret);
      await stack.runCommand({ updateUser: secret.username, pwd: newPassword() });
      expect((await command.run(...recover(secret))).status).toBe(4);
    },
    named: [list, /RecoveryFailed/],
    explained: /What to do: RecoveryFailed[\s\S]*resetThroughAdmin/,
    mended: [(secret) => [...recover(secret), '--reset-through-admin']],
  },
  {
    what: 'a rotation that is refused, since another one runs',
    breakIt: async (secret) => {
      const held = holdInWindow(stack, secret.username);
      await stack.executions.start({ secretId: secret.name });
      await held.arrived;
      expect((await command.run('rotate', secret.name)).status).toBe(3);
      held.release();
    },
    named: [list, /RotationInProgressError|Refused|running/],
    explained: /What to do: RotationInProgressError/,
    mended: [rotate],
  },
];

describe('an operator with nothing but the command', () => {
  it.each(CASES)('finds, understands and mends $what', async ({ breakIt, named, explained, mended }) => {
    const secret = await stack.makeSecret();
    await succeeds('rotate', secret.name);
    await breakIt(secret);

    const [where, what] = named;
    const line = (text: string) =>
      where === list ? (text.split('\n').find((each) => each.startsWith(`${secret.name} `)) ?? '') : text;
    const seen = async () => line((await command.run(...where(secret))).stdout);
    await expect.poll(seen, { timeout: 60_000 }).toMatch(what);
    const why = await succeeds('explain', secret.name);
    expect(why.stdout).toMatch(explained);
    for (const words of mended) await succeeds(...words(secret));

    await succeeds('status', secret.name);
    expect(await currentLogsIn(stack, secret.arn)).toBe(true);
    expect(await settledLabelsOf(stack, secret.arn)).toMatchObject({ pending: undefined, others: [] });
  });
});

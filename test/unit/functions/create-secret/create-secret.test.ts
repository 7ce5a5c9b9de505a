import { describe, expect, it } from 'vitest';
import {
  InvalidSecretError,
  NothingToRevertError,
  PendingVersionMismatchError,
  RotationInProgressError,
  RotationSupersededError,
  SecretNotRotatableError,
  SecretsManagerRefusedError,
  UnknownTokenError,
  UntrustedVersionError,
} from '../../../../functions/contract/errors.ts';
import { createSecret } from '../../../../functions/create-secret/create-secret.ts';
import { lockFor } from '../../../../functions/rotation-trigger/pending-version.ts';
import { OLDEST_ANSWER_MS } from '../../../../functions/runtime/read-again.ts';
import { CLAIM, OWNER } from '../../../../functions/secret/labels.ts';
import { pendingInMarker } from '../../../../functions/secret/marker.ts';
import { asWritten, recordOf } from '../../../../functions/secret/proven.ts';
import { versionIdOf } from '../../../../functions/secret/version-ids.ts';
import { newPassword, newVersionId } from '../../../support/in-memory-secret-store.ts';
import { rightBefore, sentAgain } from '../../../support/meanwhile.ts';
import { count, PortCalls } from '../../../support/port-calls.ts';
import { executionArn } from '../../../support/rotation-machine.ts';
import { begunByService, created, finished, firstAttempt, portsOf } from '../../../support/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../../../support/rotation-world.ts';

const onDemand = (secretId = SECRET) =>
  ({ execution: executionArn(newVersionId()), secretId, mode: 'rotate' }) as const;

const alternating = () => new RotationWorld({ strategy: 'alternating-users', admin: true });
const rotatedOnce = () => new RotationWorld({ previous: { username: 'app', state: 'locked' } });

/** No label of the execution's own, but the one that says nothing. */
const stages = (world: RotationWorld): Record<string, string> => {
  const { [CLAIM]: _, ...labels } = world.store.labels(SECRET);
  return labels;
};

const EFFECTS = ['put', 'moveLabel', 'setTags'];
const effects = (calls: PortCalls): string[] => calls.recorded.filter((method) => EFFECTS.includes(method));

describe('CreateSecret on demand', () => {
  it('writes a new password for the same user, in a version that has the lock and AWSPENDING', async () => {
    const world = new RotationWorld();
    const input = onDemand();
    const plan = await createSecret(portsOf(world), input);
    const version = versionIdOf(input.execution, 0);
    expect(stages(world)).toEqual({ AWSCURRENT: world.current, AWSPENDING: version, [OWNER]: version });
    expect(world.credentialOf(version)?.username).toBe('app');
    expect(world.credentialOf(version)?.password).not.toBe(world.credentialOf(world.current)?.password);
    expect(plan).toMatchObject({
      outcome: 'created',
      lockVersion: version,
      pendingVersion: version,
      strategy: 'single-user',
      labelsBefore: { current: world.current },
    });
  });

  it('leaves AWSCURRENT and AWSPREVIOUS where they were', async () => {
    const world = rotatedOnce();
    const { pendingVersion } = await created(world);
    expect(stages(world)).toEqual({
      ...world.before.labels,
      AWSPENDING: pendingVersion,
      [OWNER]: pendingVersion,
    });
  });

  it('keeps every other key of the value as it is', async () => {
    const world = new RotationWorld();
    const { pendingVersion } = await created(world);
    const { password: _, ...kept } = JSON.parse(world.store.valueOf(SECRET, pendingVersion) ?? '');
    const { password: __, ...old } = JSON.parse(world.store.valueOf(SECRET, world.current) ?? '');
    expect(kept).toEqual(old);
    expect(kept.team).toBe('shop');
  });

  it('does not touch the database', async () => {
    const world = new RotationWorld();
    const calls = new PortCalls();
    await createSecret(portsOf(world, calls), onDemand());
    expect(count(calls, 'login')).toBe(0);
  });

  it('writes the version before it takes the lock, and takes the lock before AWSPENDING', async () => {
    const world = new RotationWorld();
    const { secrets, clock } = portsOf(world);
    const effects: string[] = [];
    const watched = {
      ...secrets,
      put: (version: Parameters<typeof secrets.put>[0]) => {
        effects.push(version.label);
        return secrets.put(version);
      },
      moveLabel: (...move: Parameters<typeof secrets.moveLabel>) => {
        effects.push(move[1]);
        return secrets.moveLabel(...move);
      },
    };
    await createSecret({ secrets: watched, clock }, onDemand());
    expect(effects).toEqual([CLAIM, OWNER, 'AWSPENDING']);
  });

  it('takes over an AWSPENDING that was parked on AWSCURRENT, and remembers where it was', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    const plan = await created(world);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.pendingVersion);
    expect(plan.labelsBefore.pending).toBe(world.current);
  });

  it('takes over an AWSPENDING that a value written by hand stranded on AWSPREVIOUS', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    world.store.keepsPendingOnLosingCurrent = true;
    world.store.putByHand(SECRET, secretText({ username: 'app', password: newPassword() }));
    expect(world.store.labels(SECRET)).toMatchObject({
      AWSPENDING: world.current,
      AWSPREVIOUS: world.current,
    });
    const plan = await created(world);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.pendingVersion);
    expect(plan.labelsBefore).not.toHaveProperty('pending');
  });

  it('returns nothing that holds a password', async () => {
    const world = alternating();
    expect(world.leaks(await created(world))).toEqual([]);
  });

  // A recovery drops or locks a pair's other user only for a version on record.
  it('records the version of a pair before the database can get it, and none of a single user', async () => {
    const pair = alternating();
    const plan = await created(pair);
    // In the first rotation nothing else would show what to go back to.
    const record = [asWritten(plan.pendingVersion), `@@${pair.current}`];
    expect(recordOf(await pair.store.port().describe(SECRET))).toEqual(record);
    expect(plan.proven).toEqual(record);
    const calls = new PortCalls();
    await createSecret(portsOf(new RotationWorld(), calls), onDemand());
    expect(count(calls, 'setTags')).toBe(0);
  });

  it('says which versions were proven before', async () => {
    const world = rotatedOnce();
    expect((await created(world)).proven).toEqual([world.current, world.previous]);
  });

  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html: no grant for that secret.
  it('says that nothing was done when its first call is denied', async () => {
    const { secrets, clock } = portsOf(new RotationWorld());
    const describe = () => Promise.reject(new SecretsManagerRefusedError('not allowed'));
    await expect(createSecret({ secrets: { ...secrets, describe }, clock }, onDemand())).rejects.toThrow(
      SecretNotRotatableError,
    );
  });
});

describe('CreateSecret uses only a value that this very invocation wrote', () => {
  it('passes over a version with its id that someone planted', async () => {
    const world = new RotationWorld();
    const input = onDemand();
    const planted = secretText({ username: 'app', password: newPassword() });
    world.store.addVersionWithId(SECRET, versionIdOf(input.execution, 0), ['AWSPENDING'], planted);
    const plan = await createSecret(portsOf(world), input);
    expect(plan.pendingVersion).toBe(versionIdOf(input.execution, 1));
    expect(world.store.valueOf(SECRET, plan.pendingVersion)).not.toBe(planted);
    expect(world.store.labels(SECRET)).toMatchObject({
      AWSPENDING: plan.pendingVersion,
      [OWNER]: plan.pendingVersion,
    });
  });

  it('moves the lock and AWSPENDING to its next version when it comes again', async () => {
    const world = new RotationWorld();
    const input = onDemand();
    await createSecret(portsOf(world), input);
    const plan = await createSecret(portsOf(world), input);
    const next = versionIdOf(input.execution, 1);
    expect(plan).toMatchObject({ outcome: 'created', lockVersion: next, pendingVersion: next });
    expect(stages(world)).toEqual({ AWSCURRENT: world.current, AWSPENDING: next, [OWNER]: next });
  });

  it('goes on with the lock that an earlier call took before it died', async () => {
    const world = new RotationWorld();
    const input = onDemand();
    const dies = rightBefore('moveLabel', () => Promise.reject(new Error('died')), 2);
    await expect(createSecret(portsOf(world, dies), input)).rejects.toThrow('died');
    expect(stages(world)).toEqual({ AWSCURRENT: world.current, [OWNER]: versionIdOf(input.execution, 0) });
    const { lockVersion } = await createSecret(portsOf(world), input);
    expect(stages(world)).toEqual({
      AWSCURRENT: world.current,
      AWSPENDING: lockVersion,
      [OWNER]: lockVersion,
    });
  });
});

describe('CreateSecret, before anything is written', () => {
  const refused = async (world: RotationWorld, error: new (message: string) => Error, said: RegExp) => {
    const calls = new PortCalls();
    const attempt = createSecret(portsOf(world, calls), onDemand());
    await expect(attempt).rejects.toThrow(error);
    await expect(attempt).rejects.toThrow(said);
    expect(effects(calls)).toEqual([]);
  };

  it('refuses a secret that a service manages: AWS rotates that one itself', async () => {
    const world = new RotationWorld();
    world.store.setManagedBy(SECRET, 'rds');
    await refused(
      world,
      SecretNotRotatableError,
      /managed by the service rds, and AWS rotates that one itself/,
    );
  });

  it('refuses a value that holds its password in a key that can not follow', async () => {
    const world = new RotationWorld();
    const credential = world.credentialOf(world.current);
    const text = secretText({ ...credential, legacy: { password: credential?.password } });
    world.store.addVersion(SECRET, ['AWSCURRENT'], text);
    await refused(world, InvalidSecretError, /"legacy\.password"/);
  });
});

describe('CreateSecret, while another execution or tool is at work', () => {
  it('fails, and leaves everything of the other as it is', async () => {
    const world = new RotationWorld();
    const other = await created(world);
    const labels = world.store.labels(SECRET);
    const calls = new PortCalls();
    const attempt = createSecret(portsOf(world, calls), onDemand());
    await expect(attempt).rejects.toThrow(RotationInProgressError);
    await expect(attempt).rejects.toThrow(`the lock (version ${other.lockVersion})`);
    expect(effects(calls)).toEqual([]);
    expect(world.store.labels(SECRET)).toEqual(labels);
  });

  it('waits for what may be an old answer, and goes on when the other has ended', async () => {
    const world = new RotationWorld();
    const other = await created(world);
    const ends = rightBefore('describe', () => release(world, other), 3);
    const plan = await createSecret(portsOf(world, ends), onDemand());
    expect(world.store.holder(SECRET, OWNER)).toBe(plan.lockVersion);
  });

  it('fails while another tool has AWSPENDING, and writes nothing', async () => {
    const world = new RotationWorld();
    const { token } = world.beginRotation();
    const calls = new PortCalls();
    const attempt = createSecret(portsOf(world, calls), onDemand());
    await expect(attempt).rejects.toThrow(RotationInProgressError);
    await expect(attempt).rejects.toThrow(`AWSPENDING (version ${token})`);
    expect(effects(calls)).toEqual([]);
  });

  it.each(['rotate', 'revert'] as const)(
    'leaves no lock behind where another comes between the look of a %s and its compare-and-set',
    async (mode) => {
      const world = rotatedOnce();
      let other: string | undefined;
      const late = rightBefore('moveLabel', async () => {
        other = (await created(world)).lockVersion;
      });
      const attempt = createSecret(portsOf(world, late), { ...onDemand(), mode });
      await expect(attempt).rejects.toThrow(RotationInProgressError);
      expect(stages(world)).toEqual({ ...world.before.labels, AWSPENDING: other, [OWNER]: other });
    },
  );

  it.each(['rotate', 'revert'] as const)(
    'releases the lock of a %s where another tool takes AWSPENDING meanwhile',
    async (mode) => {
      const world = rotatedOnce();
      let token: string | undefined;
      const late = rightBefore(
        'moveLabel',
        () => {
          token = world.beginRotation().token;
        },
        2,
      );
      const attempt = createSecret(portsOf(world, late), { ...onDemand(), mode });
      await expect(attempt).rejects.toThrow(RotationInProgressError);
      await expect(attempt).rejects.toThrow(`AWSPENDING (version ${token})`);
      expect(stages(world)).toEqual({ ...world.before.labels, AWSPENDING: token });
    },
  );

  // Such a rotation would change the password of the user that AWSCURRENT is for by now.
  it('releases the lock when a whole rotation has gone by since its look', async () => {
    const world = alternating();
    const late = rightBefore('moveLabel', async () => release(world, (await finished(world)).plan));
    const attempt = createSecret(portsOf(world, late), onDemand());
    await expect(attempt).rejects.toThrow(RotationInProgressError);
    await expect(attempt).rejects.toThrow(/labels of .* were moved/);
    expect(world.endProblems()).toEqual([]);
    expect(world.store.holder(SECRET, OWNER)).toBeUndefined();
  });

  it('releases the lock when only AWSPREVIOUS was moved since its look', async () => {
    const world = rotatedOnce();
    const late = rightBefore('moveLabel', () =>
      world.store.addVersion(
        SECRET,
        ['AWSPREVIOUS'],
        secretText({ username: 'app', password: newPassword() }),
      ),
    );
    await expect(createSecret(portsOf(world, late), { ...onDemand(), mode: 'revert' })).rejects.toThrow(
      RotationInProgressError,
    );
    expect(world.store.holder(SECRET, OWNER)).toBeUndefined();
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBeUndefined();
  });

  it.each([true, false])(
    'keeps the lock when its replies got lost and its requests were sent again (refused: %s)',
    async (refuses) => {
      const world = new RotationWorld({ pendingOnCurrent: true });
      world.store.refusesMoveToHolder = refuses;
      const { secrets, clock } = portsOf(world);
      const plan = await createSecret({ secrets: sentAgain(secrets), clock }, onDemand());
      expect(stages(world)).toEqual({
        AWSCURRENT: world.current,
        AWSPENDING: plan.pendingVersion,
        [OWNER]: plan.lockVersion,
      });
    },
  );
});

const release = (world: RotationWorld, plan: { lockVersion: string; pendingVersion: string }): void => {
  world.store.move(SECRET, 'AWSPENDING', { from: plan.pendingVersion });
  world.store.move(SECRET, OWNER, { from: plan.lockVersion });
};

describe('CreateSecret of Secrets Manager', () => {
  const joining = (execution: string, token: string) =>
    ({ execution, secretId: SECRET, mode: 'rotate', token }) as const;

  it('goes on with the lock and the value that the trigger left it', async () => {
    const world = new RotationWorld();
    const rotation = world.beginRotation();
    const execution = firstAttempt(world, rotation);
    const token = await begunByService(world, execution, rotation);
    const labels = world.store.labels(SECRET);
    const calls = new PortCalls();
    const plan = await createSecret(portsOf(world, calls), joining(execution, token));
    expect(plan).toMatchObject({
      outcome: 'created',
      lockVersion: versionIdOf(execution, 0),
      pendingVersion: token,
      proven: [asWritten(token)],
      users: { current: 'app', pending: 'app' },
    });
    expect(effects(calls)).toEqual([]);
    expect(world.store.labels(SECRET)).toEqual(labels);
    expect(world.leaks(plan)).toEqual([]);
  });

  it.each([
    ['a second attempt', (first: string) => first.replace(/-1$/, '-2')],
    ['a name that someone else chose', () => executionArn('mine-1')],
    ['the name of another day', (first: string) => first.replace(/-\d{8}-/, '-20261129-')],
  ])('takes it that the database may have the value already, of %s', async (_what, nameFrom) => {
    const world = new RotationWorld();
    const rotation = world.beginRotation();
    const execution = nameFrom(firstAttempt(world, rotation));
    const token = await begunByService(world, execution, rotation);
    expect((await createSecret(portsOf(world), joining(execution, token))).outcome).toBe('already-there');
  });

  it('waits for what an old answer does not show yet', async () => {
    const world = new RotationWorld();
    const { clock } = world;
    world.store.staleReads = { monotonic: false, milliseconds: 3000, now: clock.now, random: () => 0 };
    const execution = executionArn('shop-1');
    const token = await begunByService(world, execution);
    const plan = await createSecret(portsOf(world), joining(execution, token));
    expect(plan.pendingVersion).toBe(token);
  });

  it('fails for an execution that does not have the lock: someone copied the input', async () => {
    const world = new RotationWorld();
    const token = await begunByService(world, executionArn('shop-1'));
    const calls = new PortCalls();
    const attempt = createSecret(portsOf(world, calls), joining(executionArn('copy-1'), token));
    await expect(attempt).rejects.toThrow(UnknownTokenError);
    expect(effects(calls)).toEqual([]);
    expect(world.clock.now()).toBeGreaterThanOrEqual(OLDEST_ANSWER_MS);
  });

  it('is superseded where the trigger took the lock for it, and someone took the label off', async () => {
    const world = new RotationWorld();
    const execution = executionArn('shop-1');
    const token = await begunByService(world, execution);
    const lock = world.store.holder(SECRET, OWNER);
    world.store.move(SECRET, OWNER, { from: lock ?? '' });
    const attempt = createSecret(portsOf(world), joining(execution, token));
    await expect(attempt).rejects.toThrow(RotationSupersededError);
  });

  it('fails for a token where no one has the lock', async () => {
    const world = new RotationWorld();
    const attempt = createSecret(portsOf(world), joining(executionArn('shop-1'), newVersionId()));
    await expect(attempt).rejects.toThrow(UnknownTokenError);
  });

  it('fails for a version that is not on record: someone else may have written it', async () => {
    const world = new RotationWorld();
    const execution = executionArn('shop-1');
    const { token, rotationToken } = world.beginRotation();
    const ports = portsOf(world);
    const secret = await ports.secrets.describe(SECRET);
    await lockFor(ports, secret, { execution, token, deadline: 60_000 });
    const value = secretText({ username: 'app', password: newPassword() });
    await ports.secrets.put({ secretArn: world.secretArn, token, value, label: 'AWSPENDING', rotationToken });
    const calls = new PortCalls();
    await expect(createSecret(portsOf(world, calls), joining(execution, token))).rejects.toThrow(
      UntrustedVersionError,
    );
    expect(effects(calls)).toEqual([]);
  });

  it.each([
    [
      'for another cluster',
      { host: 'other.cluster-x.eu-central-1.docdb.amazonaws.com', username: 'app' },
      /AWSCURRENT for other/,
    ],
    ['for the same cluster without TLS', { ssl: false, username: 'app' }, /AWSCURRENT for .* without TLS/],
    ['for another user', { username: 'stranger' }, /this rotation is for "stranger"/],
    ['with another key', { username: 'app', readHost: 'elsewhere' }, /made from another AWSCURRENT/],
  ])('fails when AWSCURRENT is %s by now', async (_what, keys, message) => {
    const world = new RotationWorld();
    const execution = executionArn('shop-2');
    const token = await begunByService(world, execution);
    world.store.addVersion(SECRET, ['AWSCURRENT'], secretText({ password: newPassword(), ...keys }));
    const attempt = createSecret(portsOf(world), joining(execution, token));
    await expect(attempt).rejects.toThrow(PendingVersionMismatchError);
    await expect(attempt).rejects.toThrow(message);
  });
});

describe('CreateSecret of a revert', () => {
  const revert = () => ({ ...onDemand(), mode: 'revert' }) as const;

  it('puts AWSPENDING on AWSPREVIOUS itself, and the lock on a marker that names it', async () => {
    const world = rotatedOnce();
    const input = revert();
    const plan = await createSecret(portsOf(world), input);
    const marker = versionIdOf(input.execution, 0);
    expect(plan).toMatchObject({
      outcome: 'already-there',
      lockVersion: marker,
      pendingVersion: world.previous,
      labelsBefore: { current: world.current, previous: world.previous },
    });
    expect(stages(world)).toEqual({ ...world.before.labels, AWSPENDING: world.previous, [OWNER]: marker });
    expect(pendingInMarker(world.store.valueOf(SECRET, marker))).toEqual([world.previous]);
  });

  it('uses the lock that it has already when it comes again', async () => {
    const world = rotatedOnce();
    const input = revert();
    const plan = await createSecret(portsOf(world), input);
    const calls = new PortCalls();
    expect(await createSecret(portsOf(world, calls), input)).toEqual(plan);
    expect(effects(calls)).toEqual([]);
  });

  it('works where AWSCURRENT is unreadable: that is what people go back from', async () => {
    const world = rotatedOnce();
    const broken = world.store.addVersion(SECRET, ['AWSCURRENT'], 'no JSON');
    expect(await created(world, 'revert')).toMatchObject({
      pendingVersion: world.previous,
      labelsBefore: { current: broken },
      users: { current: 'app', pending: 'app' },
    });
  });

  it.each([
    ['app', undefined],
    ['someone-else', true],
  ])(
    'asks the user of AWSCURRENT only where it may be the secret’s: %s',
    async (username, unknownCurrent) => {
      const world = rotatedOnce();
      world.store.addVersion(SECRET, ['AWSCURRENT'], secretText({ username, password: newPassword() }));
      expect((await created(world, 'revert')).unknownCurrent).toBe(unknownCurrent);
    },
  );

  it('of a pair is for the user of AWSPREVIOUS', async () => {
    const world = new RotationWorld({
      strategy: 'alternating-users',
      admin: true,
      previous: { username: 'app_clone', state: 'logs in' },
    });
    expect(await created(world, 'revert')).toMatchObject({
      strategy: 'alternating-users',
      users: { current: 'app', pending: 'app_clone' },
    });
  });

  it('fails when there is no AWSPREVIOUS, and writes nothing', async () => {
    const world = new RotationWorld();
    const calls = new PortCalls();
    await expect(createSecret(portsOf(world, calls), revert())).rejects.toThrow(NothingToRevertError);
    expect(effects(calls)).toEqual([]);
  });

  it('fails while another revert of the same secret runs', async () => {
    const world = rotatedOnce();
    await created(world, 'revert');
    const labels = world.store.labels(SECRET);
    await expect(created(world, 'revert')).rejects.toThrow(RotationInProgressError);
    expect(world.store.labels(SECRET)).toEqual(labels);
  });

  it('makes no new password', async () => {
    const calls = new PortCalls();
    await createSecret(portsOf(rotatedOnce(), calls), revert());
    expect(count(calls, 'newPassword')).toBe(0);
  });
});

describe('CreateSecret decides by the tags', () => {
  it('alternating-users: the pending version is for the other user, and back again', async () => {
    expect((await created(alternating())).users).toEqual({ current: 'app', pending: 'app_clone' });
    const clone = new RotationWorld({ strategy: 'alternating-users', admin: true, username: 'app_clone' });
    expect((await created(clone)).users).toEqual({ current: 'app_clone', pending: 'app' });
  });

  it('takes the admin secret of the tag before the one of masterarn', async () => {
    const world = alternating();
    expect((await created(world)).adminSecret).toBe('shop/admin');
  });

  it.each([
    ['strategy', 'dance'],
    ['retirement-policy', 'hug'],
    ['grace', '-1'],
    ['grace', '1.5'],
    ['grace', '99999999'],
    ['grace', 'one hour'],
  ])('fails for the tag %s with the value "%s", and names both', async (tag, value) => {
    const world = new RotationWorld();
    world.store.setTag(SECRET, `docdb-rotation:${tag}`, value);
    const failure = created(world);
    await expect(failure).rejects.toThrow(InvalidSecretError);
    await expect(failure).rejects.toThrow(new RegExp(`docdb-rotation:${tag}.*"${value}"`));
    expect(world.store.labels(SECRET)).toEqual(world.before.labels);
  });

  it.each([
    ['predecessor', /docdb-rotation:predecessor is called docdb-rotation:retirement-policy/],
    ['retirement-polcy', /docdb-rotation:retirement-polcy is not known; known are .*retirement-policy/],
    ['owner', /docdb-rotation:owner is not known/],
  ])('fails for the tag %s, which would not be heard otherwise', async (tag, message) => {
    const world = new RotationWorld();
    world.store.setTag(SECRET, `docdb-rotation:${tag}`, 'lock');
    const failure = created(world);
    await expect(failure).rejects.toThrow(InvalidSecretError);
    await expect(failure).rejects.toThrow(message);
    expect(world.store.labels(SECRET)).toEqual(world.before.labels);
  });

  it('reverts all the same: a misspelt tag is in no way of the way out', async () => {
    const world = rotatedOnce();
    world.store.setTag(SECRET, 'docdb-rotation:retirement-polcy', 'lock');
    expect((await created(world, 'revert')).pendingVersion).toBe(world.previous);
  });

  it('leaves other people’s tags alone', async () => {
    const world = new RotationWorld();
    world.store.setTag(SECRET, 'team:docdb-rotation', 'shop');
    expect((await created(world)).strategy).toBe('single-user');
  });

  it('fails for alternating-users without an admin secret', async () => {
    const world = new RotationWorld({ strategy: 'alternating-users' });
    await expect(created(world)).rejects.toThrow(InvalidSecretError);
  });

  it('fails when the second name would be too long for the database', async () => {
    const world = new RotationWorld({ strategy: 'alternating-users', admin: true, username: 'a'.repeat(60) });
    await expect(created(world)).rejects.toThrow(InvalidSecretError);
  });
});

describe('CreateSecret refuses a secret', () => {
  it('that does not exist', async () => {
    const input = onDemand('nothing');
    await expect(createSecret(portsOf(new RotationWorld()), input)).rejects.toThrow(SecretNotRotatableError);
  });

  it('that is marked for deletion', async () => {
    const world = new RotationWorld();
    world.store.markForDeletion(SECRET);
    await expect(created(world)).rejects.toThrow(/marked for deletion/);
  });

  it('that is a replica, and says where to rotate it', async () => {
    const world = new RotationWorld();
    world.store.makeReplicaOf(SECRET, 'eu-west-1');
    await expect(created(world)).rejects.toThrow(/eu-west-1/);
  });

  it('that has no AWSCURRENT', async () => {
    const world = new RotationWorld();
    const name = world.store.addSecret('empty');
    const input = onDemand(name);
    await expect(createSecret(portsOf(world), input)).rejects.toThrow(SecretNotRotatableError);
  });

  it('whose value is not JSON', async () => {
    const world = new RotationWorld();
    world.store.addVersion(SECRET, ['AWSCURRENT'], 'no JSON');
    await expect(created(world)).rejects.toThrow(InvalidSecretError);
  });
});

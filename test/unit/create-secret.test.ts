import { describe, expect, it } from 'vitest';
import { createSecret } from '../../functions/create-secret/create-secret.ts';
import {
  InvalidSecretError,
  NothingToRollBackError,
  PendingVersionMismatchError,
  RotationInProgressError,
  SecretNotRotatableError,
  UnknownTokenError,
} from '../../functions/shared/errors.ts';
import { newVersionId } from '../helpers/in-memory-secret-store.ts';
import { count, PortCalls } from '../helpers/port-calls.ts';
import { created, finished, portsOf } from '../helpers/rotation-steps.ts';
import { RotationWorld, SECRET, secretText } from '../helpers/rotation-world.ts';

const onDemand = (token = newVersionId()) =>
  ({ secretId: SECRET, token, mode: 'rotate', startedBy: 'on-demand' }) as const;

const byService = (token: string) =>
  ({ secretId: SECRET, token, mode: 'rotate', startedBy: 'secrets-manager' }) as const;

const alternating = () => new RotationWorld({ strategy: 'alternating-users', admin: true });

describe('CreateSecret on demand', () => {
  it('writes a new password for the same user and takes the lock', async () => {
    const world = new RotationWorld();
    const plan = await created(world);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.token);
    expect(world.credentialOf(plan.token)?.username).toBe('app');
    expect(world.credentialOf(plan.token)?.password).not.toBe(world.credentialOf(world.current)?.password);
    expect(plan).toMatchObject({
      outcome: 'created',
      strategy: 'single-user',
      labelsBefore: { current: world.current },
    });
  });

  it('leaves AWSCURRENT and AWSPREVIOUS where they were, and no label of its own', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
    const { token } = await created(world);
    expect(world.store.labels(SECRET)).toEqual({ ...world.before.labels, AWSPENDING: token });
  });

  it('keeps every other key of the value as it is', async () => {
    const world = new RotationWorld();
    const { token } = await created(world);
    const { password: _, ...kept } = JSON.parse(world.store.valueOf(SECRET, token) ?? '');
    const { password: __, ...before } = JSON.parse(world.store.valueOf(SECRET, world.current) ?? '');
    expect(kept).toEqual(before);
    expect(kept.team).toBe('shop');
  });

  it('does not touch the database', async () => {
    const world = new RotationWorld();
    const calls = new PortCalls();
    await createSecret(portsOf(world, calls), onDemand());
    expect(count(calls, 'login')).toBe(0);
  });

  it('uses the value that is there already when it comes again, and makes no second password', async () => {
    const world = new RotationWorld();
    const input = onDemand();
    await createSecret(portsOf(world), input);
    const before = world.store.valueOf(SECRET, input.token);
    const calls = new PortCalls();
    const again = await createSecret(portsOf(world, calls), input);
    expect(again.outcome).toBe('already-there');
    expect(world.store.valueOf(SECRET, input.token)).toBe(before);
    expect([count(calls, 'put'), count(calls, 'newPassword'), count(calls, 'moveLabel')]).toEqual([0, 0, 0]);
  });

  it('takes over an AWSPENDING that was left on AWSCURRENT, and remembers where it was', async () => {
    const world = new RotationWorld({ pendingOnCurrent: true });
    const plan = await created(world);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(plan.token);
    expect(plan.labelsBefore.pending).toBe(world.current);
  });

  it('says that there is nothing to do when its version is AWSCURRENT already', async () => {
    const world = new RotationWorld();
    const calls = new PortCalls();
    const plan = await createSecret(portsOf(world, calls), onDemand(world.current));
    expect(plan.outcome).toBe('already-promoted');
    expect([count(calls, 'put'), count(calls, 'moveLabel')]).toEqual([0, 0]);
  });

  it('returns nothing that holds a password', async () => {
    const world = alternating();
    expect(world.leaks(await created(world))).toEqual([]);
  });
});

describe('CreateSecret, before anything is written', () => {
  const refused = async (world: RotationWorld, error: new (message: string) => Error, said: RegExp) => {
    const calls = new PortCalls();
    const attempt = createSecret(portsOf(world, calls), onDemand());
    await expect(attempt).rejects.toThrow(error);
    await expect(attempt).rejects.toThrow(said);
    expect([count(calls, 'put'), count(calls, 'moveLabel')]).toEqual([0, 0]);
  };

  it('refuses a secret that a service manages: AWS rotates that one itself', async () => {
    const world = new RotationWorld();
    world.store.letManage(SECRET, 'rds');
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

  it('copies AWSPREVIOUS for a rollback as it is', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
    const text = secretText({
      ...world.credentialOf(world.previous ?? ''),
      note: 'mongodb://app:x@y',
      x: 1.0,
    });
    world.store.addVersion(SECRET, ['AWSPREVIOUS'], text);
    const { token } = await created(world, 'rollback');
    expect(world.store.valueOf(SECRET, token)).toBe(text);
  });
});

describe('CreateSecret, while another rotation has the lock', () => {
  it('fails, and leaves everything of the other as it is', async () => {
    const world = new RotationWorld();
    const other = await created(world);
    const labels = world.store.labels(SECRET);
    const calls = new PortCalls();
    await expect(createSecret(portsOf(world, calls), onDemand())).rejects.toThrow(RotationInProgressError);
    expect([count(calls, 'put'), count(calls, 'moveLabel')]).toEqual([0, 0]);
    expect(world.store.labels(SECRET)).toEqual(labels);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(other.token);
  });

  it('fails when the other one comes between its look and its compare-and-set, and takes its own label off', async () => {
    const world = new RotationWorld();
    const { secrets } = portsOf(world);
    let other: string | undefined;
    const late = {
      ...secrets,
      put: async (version: Parameters<typeof secrets.put>[0]) => {
        const outcome = await secrets.put(version);
        other ??= (await created(world)).token;
        return outcome;
      },
    };
    await expect(createSecret({ secrets: late }, onDemand())).rejects.toThrow(RotationInProgressError);
    expect(world.store.labels(SECRET)).toEqual({ AWSCURRENT: world.current, AWSPENDING: other });
  });

  /*
   * Such a rotation would change the password of the user that AWSCURRENT is for by now. Secrets Manager may take
   * AWSPENDING off after a success, so that the place where the lock was seen to be free is free again.
   */
  it('gives the lock back when a whole rotation has gone by since its look', async () => {
    const world = alternating();
    const { secrets } = portsOf(world);
    const late = {
      ...secrets,
      put: async (version: Parameters<typeof secrets.put>[0]) => {
        const outcome = await secrets.put(version);
        const { plan } = await finished(world);
        world.store.move(SECRET, 'AWSPENDING', { from: plan.token });
        return outcome;
      },
    };
    await expect(createSecret({ secrets: late }, onDemand())).rejects.toThrow(RotationInProgressError);
    expect(world.endProblems()).toEqual([]);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBeUndefined();
  });

  it('takes its own label off too when a retry finds the lock gone', async () => {
    const world = new RotationWorld();
    const input = onDemand();
    const { secrets } = portsOf(world);
    const dies = { ...secrets, moveLabel: () => Promise.reject(new Error('died')) };
    await expect(createSecret({ secrets: dies }, input)).rejects.toThrow('died');
    const other = await created(world);
    await expect(createSecret({ secrets }, input)).rejects.toThrow(RotationInProgressError);
    expect(world.store.labels(SECRET)).toEqual({ AWSCURRENT: world.current, AWSPENDING: other.token });
  });

  it('keeps the lock when its own compare-and-set seems lost, because the reply got lost and it was sent again', async () => {
    const world = new RotationWorld();
    const input = onDemand();
    const { secrets } = portsOf(world);
    const twice = {
      ...secrets,
      moveLabel: async (...move: Parameters<typeof secrets.moveLabel>) => {
        await secrets.moveLabel(...move);
        return false;
      },
    };
    expect((await createSecret({ secrets: twice }, input)).token).toBe(input.token);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBe(input.token);
  });
});

describe('CreateSecret of Secrets Manager', () => {
  it('writes the version that Secrets Manager made, with the RotationToken that allows it', async () => {
    const world = new RotationWorld();
    const { token, rotationToken } = world.beginRotation();
    const plan = await createSecret(portsOf(world), byService(token), rotationToken);
    expect(plan).toMatchObject({ outcome: 'created', token });
    expect(world.store.labels(SECRET)).toEqual({ AWSCURRENT: world.current, AWSPENDING: token });
    expect(world.leaks(plan)).toEqual([]);
  });

  it('goes on in the state machine, without a RotationToken, with the value that the trigger wrote', async () => {
    const world = new RotationWorld();
    const { token, rotationToken } = world.beginRotation();
    await createSecret(portsOf(world), byService(token), rotationToken);
    const calls = new PortCalls();
    expect((await createSecret(portsOf(world, calls), byService(token))).outcome).toBe('already-there');
    expect(count(calls, 'put')).toBe(0);
  });

  it('fails for a token that names no version', async () => {
    const world = new RotationWorld();
    const calls = new PortCalls();
    await expect(createSecret(portsOf(world, calls), byService(newVersionId()))).rejects.toThrow(
      UnknownTokenError,
    );
    expect([count(calls, 'put'), count(calls, 'moveLabel')]).toEqual([0, 0]);
  });

  it('fails for an empty version that is not in rotation', async () => {
    const world = new RotationWorld();
    const token = world.store.addVersion(SECRET, [], undefined);
    await expect(createSecret(portsOf(world), byService(token))).rejects.toThrow(UnknownTokenError);
  });
});

describe('CreateSecret of a rollback', () => {
  it('copies AWSPREVIOUS into a version of its own, which holds the lock', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
    const plan = await created(world, 'rollback');
    expect(plan.target).toBe(world.previous);
    expect(plan.token).not.toBe(world.previous);
    expect(world.credentialOf(plan.token)).toEqual(world.credentialOf(world.previous ?? ''));
    expect(world.store.labels(SECRET)).toEqual({ ...world.before.labels, AWSPENDING: plan.token });
  });

  it('fails when there is no AWSPREVIOUS, and writes nothing', async () => {
    const world = new RotationWorld();
    await expect(created(world, 'rollback')).rejects.toThrow(NothingToRollBackError);
    expect(world.store.labels(SECRET)).toEqual(world.before.labels);
  });

  it('fails while another rollback of the same secret runs', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
    await created(world, 'rollback');
    await expect(created(world, 'rollback')).rejects.toThrow(RotationInProgressError);
  });

  it('makes no new password', async () => {
    const world = new RotationWorld({ previous: { username: 'app', state: 'locked' } });
    const calls = new PortCalls();
    await createSecret(portsOf(world, calls), { ...onDemand(), mode: 'rollback' });
    expect(count(calls, 'newPassword')).toBe(0);
  });

  it.each([
    ['another cluster', { host: 'other.cluster-x.eu-central-1.docdb.amazonaws.com', username: 'app' }],
    ['another user', { username: 'somebody' }],
  ])('fails when AWSPREVIOUS is for %s', async (_what, keys) => {
    const world = new RotationWorld();
    world.store.addVersion(SECRET, ['AWSPREVIOUS'], secretText({ password: newVersionId(), ...keys }));
    await expect(created(world, 'rollback')).rejects.toThrow(PendingVersionMismatchError);
    expect(world.store.holder(SECRET, 'AWSPENDING')).toBeUndefined();
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
    ['predecessor', 'hug'],
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
    const input = { ...onDemand(), secretId: 'nothing' };
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
    const input = { ...onDemand(), secretId: name };
    await expect(createSecret(portsOf(world), input)).rejects.toThrow(SecretNotRotatableError);
  });

  it('whose value is not JSON', async () => {
    const world = new RotationWorld();
    world.store.addVersion(SECRET, ['AWSCURRENT'], 'no JSON');
    await expect(created(world)).rejects.toThrow(InvalidSecretError);
  });
});

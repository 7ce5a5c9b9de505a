import { ResourceNotFoundException, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { secretsManager } from '../../functions/secret/secrets-manager.ts';
import { PortCalls } from '../support/port-calls.ts';
import {
  executionArn,
  RecoveryMachine,
  RetirementMachine,
  RotationMachine,
} from '../support/rotation-machine.ts';
import { RotationWorld } from '../support/rotation-world.ts';

/** The one who may start an execution writes to the operators by it: at most this many characters of their own. */
const MOST = 200;

/** No other word of a mail has this letter twice in a row. */
const LONG = 'Q'.repeat(2048);

/** A world whose secrets are described by the product's own client, which finds none. */
const withoutSecrets = (): RotationWorld => {
  const world = new RotationWorld();
  const send = async () => {
    throw new ResourceNotFoundException({ message: 'none', $metadata: {} });
  };
  const { describe: ask } = secretsManager({ send } as unknown as SecretsManagerClient);
  const portOf = world.store.port.bind(world.store);
  world.store.port = (gate) => ({ ...portOf(gate), describe: ask });
  return world;
};

describe('what a caller wrote, in a mail to the operators', () => {
  it.each([
    ['a recovery', RecoveryMachine, { secretId: LONG }, 1],
    ['a rotation', RotationMachine, { secretId: LONG }, 0],
    [
      'a retirement',
      RetirementMachine,
      {
        secretId: LONG,
        version: LONG,
        strategy: 'admin-clone',
        predecessor: LONG,
        policy: 'lock',
        graceSeconds: 0,
      },
      1,
    ],
    [
      'a retirement that finds no secret',
      RetirementMachine,
      {
        secretId: LONG,
        version: LONG,
        strategy: 'admin-clone',
        predecessor: 'app',
        policy: 'lock',
        graceSeconds: 0,
      },
      1,
    ],
  ])('is short: %s', async (_what, Machine, input, mails) => {
    const machine = new Machine(withoutSecrets(), { calls: new PortCalls() });
    const { status } = await machine.run(executionArn('one'), input);
    expect(status).toBe('FAILED');
    expect(machine.notices).toHaveLength(mails);
    const own = (JSON.stringify(machine.notices).match(/QQ+/g) ?? []).join('');
    expect(own.length).toBeLessThanOrEqual(MOST);
    expect(own.length).toBeGreaterThanOrEqual(mails);
  });
});

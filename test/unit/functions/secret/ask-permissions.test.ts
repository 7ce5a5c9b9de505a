import { describe, expect, it } from 'vitest';
import {
  SecretsManagerRefusedError,
  SecretsManagerUnavailableError,
} from '../../../../functions/contract/errors.ts';
import { askPermissions, NEEDS, type Need } from '../../../../functions/secret/ask-permissions.ts';
import { type SecretGrant, type Step, stepRows } from '../../../../infra/functions/steps.ts';
import { definitionOf } from '../../../support/definitions.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { InMemorySecretStore } from '../../../support/in-memory-secret-store.ts';
import type { Gate } from '../../../support/port-calls.ts';

/** What a grant is for, as a function asks for it. */
const ASKED_FOR: Readonly<Record<SecretGrant, readonly Need[]>> = {
  read: ['read'],
  write: ['read', 'move labels', 'write versions'],
  'move labels': ['move labels'],
  'put AWSPENDING back': ['move labels'],
  'list versions': [],
  'record proven': ['record what is proven'],
  'record promoted': ['record what is proven'],
  'record begun': ['record what is proven'],
  'record dropped': ['record what is proven'],
};

const needsOf = ({ grants, readsAdminSecret, makesPasswords }: Step): Need[] => [
  ...grants.flatMap((grant) => ASKED_FOR[grant]),
  ...(readsAdminSecret ? (['read the admin secret'] as const) : []),
  ...(makesPasswords ? (['make passwords'] as const) : []),
];

const ofTheRotation = stepRows().filter(([, { machines }]) => machines.includes('rotation'));

describe('What the functions of the rotation are asked for', () => {
  it.each(ofTheRotation.filter(([name]) => name !== 'TestSecret'))(
    'is all that %s is granted, and nothing else',
    (name, step) => {
      expect(NEEDS[name as keyof typeof NEEDS].toSorted()).toEqual(needsOf(step).toSorted());
    },
  );

  it('is asked of each of them by the machine, and of TestSecret first', () => {
    const text = JSON.stringify(definitionOf('rotation').States.Check?.Arguments);
    const asked = [...text.matchAll(/'(\w+)FunctionArn'/g)].map(([, name]) => name);
    expect(asked[0]).toBe('TestSecret');
    expect(asked.toSorted()).toEqual(ofTheRotation.map(([name]) => name).toSorted());
  });
});

const SECRET = 'shop/app';

/** @param gate what stands between the function and Secrets Manager */
const asked = async (gate: Gate, { clockAhead = 0, key = '' } = {}) => {
  const store = new InMemorySecretStore();
  store.addSecret(SECRET, { 'docdb-rotation:admin-secret': SECRET });
  store.addVersion(SECRET, ['AWSCURRENT'], '{"any": "value"}');
  if (key !== '') store.encryptWith(SECRET, key);
  const clock = new FakeClock(1_000_000);
  const input = {
    execution: 'arn:of:it',
    check: 'readiness',
    secretId: SECRET,
    askedAt: 1_000_000 - clockAhead,
  } as const;
  const { findings } = await askPermissions({ secrets: store.port(gate), clock }, 'CreateSecret', input);
  return findings.map(({ verdict, topic, what }) => `${verdict} ${topic}: ${what}`);
};

const failing =
  (method: string, error: Error, times = Number.POSITIVE_INFINITY): Gate =>
  async (called, apply) => {
    if (called === method && times-- > 0) throw error;
    return apply();
  };

const denied = new SecretsManagerRefusedError('no: AccessDeniedException; see the permissions');
const lost = new SecretsManagerUnavailableError('no answer; is there a route?');

describe('A function that is asked what it would lack', () => {
  it('names each permission that is missing, and what it has beside that', async () => {
    expect(await asked(failing('put', denied))).toEqual([
      'not-ready permissions: no: AccessDeniedException',
      'ready permissions: its role may read, move labels, record what is proven, make passwords',
    ]);
  });

  it('says nothing of a failure that passes', async () => {
    const findings = await asked(failing('describe', lost, 2));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^ready /);
  });

  it('is sure of one that lasts', async () => {
    expect(await asked(failing('describe', lost))).toEqual(['not-ready secrets-manager: no answer']);
  });

  it('throws what is no error of this project', async () => {
    await expect(asked(failing('describe', new TypeError('a bug')))).rejects.toThrow('a bug');
  });

  it.each([
    ['behind', -61_000, ['uncertain clock']],
    ['ahead', 601_000, ['uncertain clock']],
    ['on time, since a repeated call brings its first time along', 300_000, []],
  ])('tells of a clock that is %s', async (_what, clockAhead, told) => {
    const findings = await asked(failing('', denied), { clockAhead });
    expect(findings.flatMap((each) => /^uncertain \w+/.exec(each) ?? [])).toEqual(told);
  });
});

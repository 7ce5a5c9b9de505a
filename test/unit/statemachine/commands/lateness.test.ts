import { describe, expect, it } from 'vitest';
import type { Secret } from '../../../../statemachine/commands/aws/secrets.ts';
import { daysLate } from '../../../../statemachine/commands/execution/lateness.ts';

const NOW = new Date('2026-03-31T00:00:00Z');
const daysAgo = (days: number): Date => new Date(NOW.getTime() - days * 86_400_000);

const secret = (more: Partial<Secret>): Secret => ({
  arn: 'arn',
  name: 'my/app',
  tags: {},
  versions: {},
  rotationEnabled: true,
  lambdaArn: undefined,
  schedule: 'rate(30 days)',
  created: daysAgo(100),
  changed: undefined,
  rotated: daysAgo(60),
  next: daysAgo(30),
  ...more,
});

describe('a credential is late', () => {
  it('by the days that it is older than its schedule allows', () => {
    expect(daysLate(secret({}), daysAgo(60), NOW)).toBe(30);
    expect(daysLate(secret({ schedule: 'rate(12 hours)' }), daysAgo(3), NOW)).toBe(2);
  });

  it('by the date that a cron expression has missed', () => {
    expect(daysLate(secret({ schedule: 'cron(0 8 1 * ? *)', next: daysAgo(4) }), daysAgo(40), NOW)).toBe(4);
  });
});

describe('a credential is not late', () => {
  it('if it was rotated on demand meanwhile, of which Secrets Manager knows nothing', () => {
    expect(daysLate(secret({}), daysAgo(5), NOW)).toBe(0);
    expect(daysLate(secret({ schedule: 'cron(0 8 1 * ? *)', next: daysAgo(4) }), daysAgo(1), NOW)).toBe(0);
  });

  it('by a day, as the alarm has it', () => {
    expect(daysLate(secret({}), daysAgo(30.9), NOW)).toBe(0);
  });

  it('before its first rotation', () => {
    expect(daysLate(secret({ rotated: undefined, next: daysAgo(-10) }), daysAgo(100), NOW)).toBe(0);
  });

  it('without a schedule', () => {
    expect(daysLate(secret({ rotationEnabled: false }), daysAgo(900), NOW)).toBe(0);
  });
});

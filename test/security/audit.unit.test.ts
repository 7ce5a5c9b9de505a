import { describe, expect, it } from 'vitest';
import { judge } from './audit.ts';

const reportOf = (severities: Readonly<Record<string, string>>): string => {
  const count = (severity: string) => Object.values(severities).filter((one) => one === severity).length;
  const [low, moderate, high, critical] = ['low', 'moderate', 'high', 'critical'].map(count);
  return JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: Object.fromEntries(
      Object.entries(severities).map(([name, severity]) => [name, { name, severity }]),
    ),
    metadata: {
      vulnerabilities: { info: 0, low, moderate, high, critical, total: Object.keys(severities).length },
    },
  });
};

describe('the audit of the dependencies', () => {
  it('is content with none', () => {
    expect(judge(reportOf({}))).toMatchObject({ outcome: 'clean' });
  });

  it('tells what is of little weight, and goes on', () => {
    expect(judge(reportOf({ one: 'low', other: 'moderate' }))).toEqual({
      outcome: 'clean',
      told: '2 known weaknesses, 0 of them high or critical',
    });
  });

  it.each(['high', 'critical'])('fails for one that is %s, and names it', (severity) => {
    const { outcome, told } = judge(reportOf({ fine: 'low', weak: severity }));
    expect(outcome).toBe('weak');
    expect(told).toMatch(/: weak$/);
  });

  it.each([
    ['', 'nothing'],
    ['{"statusCode":405,"error":{"summary":"","detail":""}}', 'a registry without an audit'],
    ['<html></html>', 'a page'],
  ])('does not call %j clean (%s)', (text) => {
    expect(judge(text).outcome).toBe('not asked');
  });
});

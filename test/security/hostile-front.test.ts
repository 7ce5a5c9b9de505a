import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  ended,
  expectNoPasswordAnywhere,
  labelsOf,
  logsInEverywhere,
} from '../e2e/rotations/outside-judge.ts';
import type { LocalStack } from '../local-stack/deployment/index.ts';
import { useStack } from '../local-stack/deployment/use-stack.ts';
import type { Hostility } from '../local-stack/document-db/index.ts';
import { processesBelow } from './leaks.ts';

/** The secret's host is a server that means harm. It has a certificate that verifies. */
let stack: LocalStack;
useStack({ propagationTimeoutSeconds: 6, drainSeconds: 1, waitScale: 0 }, (started) => {
  stack = started;
});

const MEGABYTE = 1024;

/** The most memory, in kilobytes, that any function's process has had at once. */
const peakOfFunctions = (): number =>
  Math.max(
    ...processesBelow(process.pid)
      .filter(({ text }) => text.includes('AWS_LAMBDA_FUNCTION_NAME'))
      .map(({ where }) => peakOf(/\d+$/.exec(where)?.[0] ?? '')),
  );

const peakOf = (pid: string): number => {
  try {
    return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    // It has ended meanwhile.
    return 0;
  }
};

const HARMS: readonly Hostility[] = [
  { kind: 'garbage' },
  { kind: 'endless-reply' },
  { kind: 'huge-reply' },
  { kind: 'slow-drip' },
  { kind: 'forged-hosts', hosts: ['attacker.example:27017'] },
];

describe('a rotation at a hostile host fails, with nothing changed', () => {
  // All at once, since each takes its time: it is tried again as an outage would be.
  test('whatever it answers', async () => {
    const attempts = await Promise.all(
      HARMS.map(async (hostility) => {
        const front = await stack.documentDb.openHostileFront(hostility);
        const secret = await stack.makeSecret({ value: { port: front.port } });
        const before = await labelsOf(stack, secret.arn);
        const execution = await stack.executions.start({ secretId: secret.arn });
        return { hostility, front, secret, before, end: await ended(stack.executions, execution) };
      }),
    );
    for (const { hostility, front, secret, before, end } of attempts) {
      expect(end, hostility.kind).toMatchObject({ status: 'FAILED' });
      expect(end.error, hostility.kind).toMatch(/^Database(Unavailable|Incompatible)Error$/);
      expect(end.cause, hostility.kind).toMatch(/CheckBefore failed with .*Nothing was changed/);
      expect(end.cause.length, hostility.kind).toBeLessThan(1000);
      expect(front.connections, hostility.kind).toBeGreaterThan(0);
      expect(await labelsOf(stack, secret.arn), hostility.kind).toEqual(before);
      expect(await logsInEverywhere(stack, secret), hostility.kind).toBe(true);
    }
    // The driver holds a message of up to 48 MB, in pieces and joined, for each try that is not yet collected.
    expect(peakOfFunctions(), 'memory of a function').toBeLessThan(1024 * MEGABYTE);
  }, 300_000);
});

test('no password is in any history, log, output or cause of all this', async () => {
  await expectNoPasswordAnywhere(stack);
});

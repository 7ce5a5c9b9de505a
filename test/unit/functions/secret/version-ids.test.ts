import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Token } from '../../../../functions/contract/steps.ts';
import { versionIdOf, versionIdOfBefore02, versionIdsOf } from '../../../../functions/secret/version-ids.ts';
import { executionArn } from '../../../support/rotation-machine.ts';

const ONE = executionArn('one');

describe('the version ids of an execution', () => {
  it('are the first 32 digits of the SHA-256 of its ARN and a number', () => {
    const hash = createHash('sha256').update(`${ONE} 3`).digest('hex');
    expect(versionIdOf(ONE, 3)).toBe(hash.slice(0, 32));
    expect(versionIdsOf(ONE)[3]).toBe(hash.slice(0, 32));
  });

  it('are ids that Secrets Manager takes', () => {
    for (const id of versionIdsOf(ONE)) expect(Token.safeParse(id).success).toBe(true);
  });

  it('are its own: no two are the same, of one execution or of two', () => {
    const machines = ['rotation', 'recovery', 'retirement'].map((machine) => executionArn('one', machine));
    const ids = [...machines, executionArn('one1'), executionArn('two')].flatMap(versionIdsOf);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are the same each time: a recovery finds them by the ARN', () => {
    expect(versionIdsOf(ONE)).toEqual(versionIdsOf(ONE));
  });

  it('are the same after those of any number of other executions', () => {
    const others = Array.from({ length: 100 }, (_, number) => executionArn(`other-${number}`));
    for (const arn of [...others, ONE, ...others, ONE, ONE])
      expect(versionIdsOf(arn)).toEqual(Array.from({ length: 40 }, (_, number) => versionIdOf(arn, number)));
  });

  it('are no one’s to change: others get the same list', () => {
    expect(Object.isFrozen(versionIdsOf(ONE))).toBe(true);
  });

  it('are enough for each attempt of CreateSecret', () => {
    expect(versionIdsOf(ONE)).toHaveLength(40);
  });

  it('are not the one that it had before 0.2', () => {
    const old = createHash('sha256').update(ONE).digest('hex');
    expect(versionIdOfBefore02(ONE)).toBe(old);
    expect(versionIdsOf(ONE)).not.toContain(old);
  });
});

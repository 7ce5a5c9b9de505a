import { describe, expect, it } from 'vitest';
import { InvalidSecretError } from '../../../../functions/contract/errors.ts';
import { markerOf, pendingInMarker } from '../../../../functions/secret/marker.ts';
import { parseSecretValue } from '../../../../functions/secret/secret-value.ts';
import { versionIdsOf } from '../../../../functions/secret/version-ids.ts';
import { executionArn } from '../../../support/rotation-machine.ts';
import { secretText } from '../../../support/rotation-world.ts';

const EXECUTION = executionArn('one');
const IDS = versionIdsOf(EXECUTION);

describe('a marker', () => {
  it('names the execution and the versions that it works with', () => {
    const marker = markerOf(EXECUTION, IDS.slice(0, 2));
    expect(marker).toContain(EXECUTION);
    expect(pendingInMarker(marker)).toEqual(IDS.slice(0, 2));
    expect(pendingInMarker(markerOf(EXECUTION, []))).toEqual([]);
  });

  it('is the same for the same call that comes again, so that Secrets Manager takes it for the same', () => {
    expect(markerOf(EXECUTION, IDS)).toBe(markerOf(EXECUTION, IDS));
  });

  it('can not be used as a credential', () => {
    expect(() => parseSecretValue(markerOf(EXECUTION, []), 'a marker')).toThrow(InvalidSecretError);
  });

  // Who may write the secret can write one: what it says is bounded.
  it.each<[string, string | undefined]>([
    ['nothing', undefined],
    ['an empty text', ''],
    ['no JSON', '{"docdb-rotation"'],
    ['null', 'null'],
    ['a credential', secretText({ username: 'app', password: 'not used' })],
    ['no versions', JSON.stringify({ 'docdb-rotation': { execution: EXECUTION } })],
    ['what is no id of a version', markerOf(EXECUTION, ['short'])],
    ['an id that is too long', markerOf(EXECUTION, ['x'.repeat(65)])],
    ['more versions than a recovery would try', markerOf(EXECUTION, IDS.slice(0, 21))],
    ['another type of version', JSON.stringify({ 'docdb-rotation': { execution: EXECUTION, pending: [1] } })],
  ])('is not what holds %s', (_what, text) => {
    expect(pendingInMarker(text)).toBeUndefined();
  });
});

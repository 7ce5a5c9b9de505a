import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Invocation } from '../../../chaos/faults/invocations.ts';
import type { Breakpoint, Decision } from '../model.ts';
import { Breakpoints } from './breakpoints.ts';

const ARN = 'arn:aws:states:eu-central-1:000000000000:execution:rotation:one';
const INVOCATION: Invocation = {
  pid: 1,
  functionName: 'SetSecret',
  secretArn: 'arn:demo',
  executionArn: ARN,
  check: undefined,
  action: undefined,
  promotionOnly: false,
  triggerStep: undefined,
};
const BEFORE: Breakpoint = { machine: 'rotation', state: 'SetSecret', moment: 'before' };
const AFTER: Breakpoint = { ...BEFORE, moment: 'after' };

describe('a breakpoint', () => {
  const stop = vi.fn(async () => {});
  const kill = vi.fn();
  let breakpoints: Breakpoints;
  beforeEach(() => {
    vi.clearAllMocks();
    const placeOf = async () => ({ machine: 'rotation', state: 'SetSecret' }) as const;
    breakpoints = new Breakpoints({ placeOf, stop, kill, changed: () => {} });
  });

  const decide = async (decision: Decision): Promise<void> => {
    await vi.waitFor(() => expect(breakpoints.holds).toHaveLength(1));
    breakpoints.decide(breakpoints.holds[0]?.id ?? 0, decision);
  };

  it('holds nothing where none is set', async () => {
    expect(await breakpoints.begins(INVOCATION, {})).toBe(true);
    expect(await breakpoints.ends(INVOCATION, {})).toBeUndefined();
  });

  it('shows what goes in, and lets it go on', async () => {
    breakpoints.set(BEFORE, true);
    const begun = breakpoints.begins(INVOCATION, { secretId: 'demo/app' });
    await vi.waitFor(() =>
      expect(breakpoints.holds).toMatchObject([{ ...BEFORE, data: { secretId: 'demo/app' } }]),
    );
    await decide({ action: 'continue' });
    expect(await begun).toBe(true);
    expect(breakpoints.holds).toEqual([]);
  });

  it.each(['begins', 'ends'] as const)('fails what %s with the error of choice', async (moment) => {
    breakpoints.set(moment === 'begins' ? BEFORE : AFTER, true);
    const told = breakpoints[moment](INVOCATION, {});
    await decide({ action: 'fail', error: 'ChosenError', cause: 'why' });
    expect(await told).toEqual({ errorType: 'ChosenError', errorMessage: 'why' });
  });

  it('loses a reply by ending the process once its function is done', async () => {
    breakpoints.set(BEFORE, true);
    const begun = breakpoints.begins(INVOCATION, {});
    await decide({ action: 'lose-reply' });
    expect(await begun).toBe(true);
    expect(kill).not.toHaveBeenCalled();
    await breakpoints.ends(INVOCATION, {});
    expect(kill).toHaveBeenCalledWith(INVOCATION);
  });

  it('stops the execution, which calls no function any more', async () => {
    breakpoints.set(BEFORE, true);
    const begun = breakpoints.begins(INVOCATION, {});
    await decide({ action: 'stop' });
    expect(await begun).toBe(false);
    expect(stop).toHaveBeenCalledWith(ARN);
    expect(await breakpoints.begins(INVOCATION, {})).toBe(false);
  });

  it('lets go of what was stopped elsewhere, and does not stop it again', async () => {
    breakpoints.set(BEFORE, true);
    const begun = breakpoints.begins(INVOCATION, {});
    await vi.waitFor(() => expect(breakpoints.holds).toHaveLength(1));
    breakpoints.ended(ARN);
    expect(await begun).toBe(false);
    expect(stop).not.toHaveBeenCalled();
  });

  it('steps to the next moment', async () => {
    breakpoints.set(BEFORE, true);
    const begun = breakpoints.begins(INVOCATION, {});
    await decide({ action: 'step' });
    expect(await begun).toBe(true);
    const ended = breakpoints.ends(INVOCATION, { outcome: 'changed' });
    await vi.waitFor(() =>
      expect(breakpoints.holds).toMatchObject([{ ...AFTER, data: { outcome: 'changed' } }]),
    );
    await decide({ action: 'continue' });
    expect(await ended).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { Undo } from './undo.ts';

describe('Undo', () => {
  it('stops in the opposite order, each thing once', async () => {
    const stopped: string[] = [];
    const undo = new Undo();
    undo.add(() => stopped.push('first'));
    undo.add(() => stopped.push('second'));
    await undo.all();
    await undo.all();
    expect(stopped).toEqual(['second', 'first']);
  });

  it('lets who asks a second time wait until all is stopped', async () => {
    let stopped = false;
    const undo = new Undo();
    undo.add(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      stopped = true;
    });
    void undo.all();
    await undo.all();
    expect(stopped).toBe(true);
  });

  it('goes on when one can not be stopped, and then tells', async () => {
    const stopped: string[] = [];
    const undo = new Undo();
    undo.add(() => stopped.push('first'));
    undo.add(() => Promise.reject(new Error('stuck')));
    await expect(undo.all()).rejects.toThrow('not everything could be stopped');
    expect(stopped).toEqual(['first']);
  });

  it('remembers what did start when something started at the same time failed', async () => {
    let stopped = false;
    const undo = new Undo();
    const slow = new Promise<{ stop(): void }>((resolve) =>
      setTimeout(() => resolve({ stop: () => (stopped = true) }), 20),
    );
    await expect(undo.started([Promise.reject(new Error('no')), slow])).rejects.toThrow('no');
    await undo.all();
    expect(stopped).toBe(true);
  });
});

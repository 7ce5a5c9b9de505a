import { describe, expect, it } from 'vitest';
import * as errors from '../../../../functions/contract/errors.ts';

const { RotationError, ...rest } = errors;
const CLASSES = Object.entries(rest);

describe('every error of this project', () => {
  it.each(CLASSES)('%s has its own name as name: that is what Retry and Catch go by', (name, Class) => {
    const error = new Class('what failed; what to do');
    expect(error.name).toBe(name);
    expect(String(error)).toBe(`${name}: what failed; what to do`);
  });

  it.each(CLASSES)('%s is a RotationError, so that it may leave a step', (_name, Class) => {
    expect(new Class('x')).toBeInstanceOf(RotationError);
    expect(new Class('x')).toBeInstanceOf(Error);
  });

  it.each(CLASSES)('%s ends in Error', (name) => {
    expect(name).toMatch(/Error$/);
  });

  it.each(CLASSES)('%s is no subclass of another: a Catch could not tell them apart', (_name, Class) => {
    expect(Object.getPrototypeOf(Class)).toBe(RotationError);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

/** From the ground up: each of these knows those before it, and no other. */
const ROOMS = ['contract', 'runtime', 'secret', 'database'];

/** They read the secret and watch the machines. The database is none of their business. */
const OBSERVERS = ['rotation-trigger', 'report-outcome', 'check-credentials'];

const roomsUnder = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );

/** The folders of `functions/` from which the files of one import, and whatever else is outside of it. */
const importsOf = (folder: string): string[] => {
  const files = readdirSync(join(ROOT, 'functions', folder)).filter((file) => file.endsWith('.ts'));
  const imported = files.flatMap((file) =>
    [...readFileSync(join(ROOT, 'functions', folder, file), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(
      ([, path = '']) => normalize(join('functions', folder, path)).split(sep),
    ),
  );
  return [...new Set(imported.map(([top = '', room = '']) => (top === 'functions' ? room : top)))];
};

describe('the rooms of functions/', () => {
  it.each(ROOMS)('%s knows only what lies below it', (room) => {
    const below = ROOMS.slice(0, ROOMS.indexOf(room) + 1);
    expect(importsOf(room).filter((each) => !below.includes(each))).toEqual([]);
  });

  const steps = roomsUnder('functions').filter((room) => !ROOMS.includes(room));

  it.each(steps)('%s knows the rooms, and no other step', (step) => {
    expect(importsOf(step).filter((each) => ![...ROOMS, step].includes(each))).toEqual([]);
  });

  it.each(OBSERVERS)('%s knows no database', (observer) => {
    expect(steps).toContain(observer);
    expect(importsOf(observer)).not.toContain('database');
  });
});

/** The package carries infra/ to people who have no functions' sources: what is shared is written without zod. */
it('infra/ takes only names from functions/', () => {
  const imported = readdirSync(join(ROOT, 'infra'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...readFileSync(join(ROOT, 'infra', file), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(
        ([, path = '']) => normalize(join('infra', file, '..', path)),
      ),
    );
  const shared = new Set(imported.filter((path) => path.startsWith(`functions${sep}`)));
  const names = ['limits', 'metrics', 'regions', 'strategy', 'tags'].map((name) =>
    join('functions', 'contract', `${name}.ts`),
  );
  expect([...shared].sort()).toEqual(names);
});

describe('the commands of statemachine/', () => {
  const folder = join('statemachine', 'commands');
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const importsIn = (file: string): string[] =>
    [...readFileSync(join(ROOT, folder, file), 'utf8').matchAll(/from '([^']+)'/g)].map(
      ([, path = '']) => path,
    );
  const local = (file: string): string[] =>
    importsIn(file)
      .filter((path) => path.startsWith('.'))
      .map((path) => normalize(join(folder, file, '..', path)));

  it('take from functions/ only what can be said without a value and without a database', () => {
    const outside = new Set(files.flatMap(local).filter((path) => !path.startsWith(folder)));
    expect([...outside].sort()).toEqual(
      [
        'functions/check-credentials/described-secret.ts',
        'functions/contract/metrics.ts',
        'functions/contract/tags.ts',
        'functions/report-outcome/execution-result.ts',
        'functions/report-outcome/outcome.ts',
        'functions/report-outcome/starts-recovery.ts',
        'functions/runtime/console-link.ts',
        'functions/secret/labels.ts',
        'functions/secret/user-pair.ts',
        'functions/secret/version-ids.ts',
        'statemachine/definition.ts',
      ].map((path) => path.split('/').join(sep)),
    );
  });

  it('know no call that reads or writes a value', () => {
    const called = files.flatMap((file) => [
      ...readFileSync(join(ROOT, folder, file), 'utf8').matchAll(/\b(\w+)Command\(\{/g),
    ]);
    expect([...new Set(called.map(([, name]) => name))].sort()).toEqual([
      'DescribeExecution',
      'DescribeSecret',
      'GetExecutionHistory',
      'ListExecutions',
      'ListSecretVersionIds',
      'ListSecrets',
      'ListStackResources',
      'StartExecution',
    ]);
  });

  const verbs = files.filter(
    (file) => /^[a-z]+\.ts$/.test(file) && !['main.ts', 'program.ts', 'context.ts'].includes(file),
  );

  it.each(verbs)('%s knows no other verb', (verb) => {
    const others = verbs.filter((other) => other !== verb).map((other) => join(folder, other));
    expect(local(verb).filter((path) => others.includes(path))).toEqual([]);
  });

  it('draws nothing itself: only the view knows of a terminal', () => {
    const drawing = /^(ora|cli-table3|picocolors|wrap-ansi|@inquirer\/confirm)$/;
    const who = files.filter((file) => importsIn(file).some((path) => drawing.test(path)));
    expect(who.sort()).toEqual([join('terminal', 'table.ts'), join('terminal', 'view.ts')]);
  });
});

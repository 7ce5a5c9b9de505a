import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import * as errors from '../../functions/contract/errors.ts';
import { LONGEST_GRACE_SECONDS } from '../../functions/contract/limits.ts';
import { RETIREMENT_POLICIES, STRATEGIES } from '../../functions/contract/strategy.ts';
import { KNOWN_TAGS } from '../../functions/contract/tags.ts';
import type { SecretDescription } from '../../functions/secret/secret-store.ts';
import { settingsOf } from '../../functions/secret/settings.ts';
import { DocDbRotation } from '../../infra/docdb-rotation.ts';
import { readConfig } from '../../infra/options/config.ts';
import { definitionNames, failuresOf, flowOf, readDefinition } from '../../statemachine/definition.ts';
import { makeStack, newSecret } from './infra/synthesized.ts';

/** What the documents say is what the code does, as far as a program can tell. */
const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const DOCUMENTS = [
  '.github/CONTRIBUTING.md',
  'CHANGELOG.md',
  'README.md',
  'functions/LOCK.md',
  'functions/README.md',
  'infra/README.md',
  'statemachine/BY-HAND.md',
  'statemachine/COMMANDS.md',
  'statemachine/README.md',
  'statemachine/RUNBOOK.md',
  'statemachine/STEP-THROUGH.md',
  'test/README.md',
];
const README = read('README.md');
const FUNCTIONS = read('functions/README.md');
const INFRA = read('infra/README.md');
const STATES = read('statemachine/README.md');
const RUNBOOK = read('statemachine/RUNBOOK.md');

const withoutCode = (markdown: string): string => markdown.replaceAll(/^ *```.*?^ *```$/gms, '');

/** As GitHub makes them: https://github.com/gjtorikian/html-pipeline, TableOfContentsFilter. */
const anchorsOf = (markdown: string): string[] => {
  const seen = new Map<string, number>();
  const headings = [...withoutCode(markdown).matchAll(/^#{1,6} +(.+?)\s*$/gm)].map(([, text = '']) => {
    const anchor = text
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Mark}\p{Number}\p{Connector_Punctuation} -]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
  const ids = [...markdown.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id);
  return [...headings, ...ids];
};

const RUNBOOK_ANCHORS = anchorsOf(RUNBOOK);

/** The cells of the rows of the table whose header begins with that cell. */
const tableOf = (markdown: string, firstHeader: string): string[][] => {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${firstHeader} |`));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
};

const codeIn = (text = ''): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

const sourcesUnder = (folder: string): string =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(join(folder, file)))
    .join('\n');

/** As Step Functions gets it: no text is broken into lines. */
const definitionText = (name: string): string => JSON.stringify(readDefinition(name));

describe('the runbook has a section', () => {
  test.each(Object.keys(errors).filter((name) => name !== 'RotationError'))('for %s', (name) => {
    expect(RUNBOOK_ANCHORS).toContain(name.toLowerCase());
  });

  test.each(definitionNames())(
    'for each error that the definition of the %s ends with, retries or catches',
    (machine) => {
      const states = Object.values(readDefinition(machine).States);
      const ends = states.flatMap((state) => (state.Error?.startsWith('{%') ? [] : (state.Error ?? [])));
      const handled = states.flatMap(({ Retry = [], Catch = [] }) =>
        [...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals),
      );
      // The second is no failure: the retirement was started before.
      const unsaid = ['States.ALL', 'StepFunctions.ExecutionAlreadyExistsException'];
      const names = [...ends, ...handled].filter((name) => !unsaid.includes(name));
      expect(RUNBOOK_ANCHORS).toEqual(expect.arrayContaining(names.map((name) => name.toLowerCase())));
    },
  );

  test.each(definitionNames())('for each link in the causes and messages of the %s', (machine) => {
    const text = definitionText(machine);
    const links = [...text.matchAll(/\$\{RunbookUrl\}#([a-z-]+)/g)].map(([, anchor]) => anchor);
    expect(links.length).toBeGreaterThan(1);
    expect(RUNBOOK_ANCHORS).toEqual(expect.arrayContaining(links));
  });

  test.each([
    'alarm-rolled-back',
    'alarm-rollback-failed',
    'alarm-compensation-waits',
    'stopped',
    'lockwithoutexecution',
    'alarm-recovery-started',
    'alarm-recovery-not-started',
    'alarm-timed-out',
    'alarm-trigger-errors',
    'alarm-credential-overdue',
    'alarm-certificate-authority',
  ])('#%s', (anchor) => {
    expect(RUNBOOK_ANCHORS).toContain(anchor);
  });

  test('for each alarm that the infrastructure links', () => {
    const links = [...sourcesUnder('infra').matchAll(/#(alarm-[a-z-]+)/g)].map(([, anchor]) => anchor);
    expect(RUNBOOK_ANCHORS).toEqual(expect.arrayContaining(links));
  });

  test('in the same three parts', () => {
    const [, ...sections] = withoutCode(RUNBOOK).split(
      /^## (?=[A-Z]\w+(?:Error|Failed|Back|Execution)$|Stopped$|Alarm: )/m,
    );
    for (const section of sections) {
      const [title] = section.split('\n');
      for (const part of ['**What happened**:', '**The world now**:', '**What to do**'])
        expect(section, title).toContain(part);
    }
  });
});

// Its query once found what ministack writes, and nothing of what Step Functions does: a function is no Task there.
test('the runbook’s query for the last error knows every event that has one', () => {
  const [, query = ''] = /get-execution-history[^`]*?--query "([^"]+)"/s.exec(RUNBOOK) ?? [];
  for (const event of ['lambdaFunctionFailed', 'lambdaFunctionTimedOut', 'taskFailed', 'taskTimedOut'])
    expect(query).toContain(`${event}EventDetails`);
});

describe.each(DOCUMENTS)('%s', (document) => {
  const text = read(document);

  test('has links that lead somewhere', () => {
    const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    expect(links).not.toEqual([]);
    const broken = links
      .filter((link) => !link.startsWith('https://'))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? document : relative(ROOT, join(ROOT, dirname(document), path));
        if (!existsSync(join(ROOT, target))) return true;
        return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
    const named = [...text.matchAll(/npm (?:run )?([a-z][\w:]*)/g)].map(([, script = '']) => script);
    const own = named.filter((script) => !['audit', 'ci', 'install', 'pack', 'run'].includes(script));
    expect(own.filter((script) => !scripts.includes(script))).toEqual([]);
  });

  test('names outputs of the stack that exist', () => {
    const stack = read('infra/rotation-outputs.ts');
    const named = [...text.matchAll(/(?:OutputKey=='|Description=='docdb-rotation: )(\w+)'/g)];
    const missing = named.map(([, output = '']) => output).filter((output) => !stack.includes(`${output}: `));
    expect(missing).toEqual([]);
  });

  test('names no account but the two of examples', () => {
    const accounts = text.match(/\b\d{12}\b/g) ?? [];
    expect(accounts.filter((account) => account !== '000000000000' && account !== '111122223333')).toEqual(
      [],
    );
  });
});

describe('the documents and the definitions agree', () => {
  const listed = (pattern: RegExp, machine = 'rotation'): string[] =>
    [...(pattern.exec(definitionText(machine))?.[1] ?? '').matchAll(/'([^']+)'/g)].map(
      ([, name = '']) => name,
    );

  test('on the modes', () => {
    const modes = tableOf(README, 'mode').map(([mode]) => codeIn(mode)[0]);
    expect(modes).toEqual(listed(/\$modes := \[([^\]]+)\]/));
  });

  test.each(DOCUMENTS)('on the modes in the commands of %s', (document) => {
    const commands = [...read(document).matchAll(/^ *```sh\n(.*?)^ *```$/gms)]
      .map(([, code = '']) => code)
      .join();
    const modes = [...commands.matchAll(/mode\\?": \\?"([a-z]+)/g)].map(([, mode]) => mode);
    expect(listed(/\$modes := \[([^\]]+)\]/)).toEqual(expect.arrayContaining(modes));
  });

  test('on the keys of the input', () => {
    const keys = tableOf(STATES, 'key of the input').map(([key]) => codeIn(key)[0]);
    expect(keys.toSorted()).toEqual(listed(/\$not\(\$ in \[([^\]]+)\]\)/).toSorted());
  });

  test('on the keys of a recovery’s input', () => {
    const keys = tableOf(STATES, "key of a recovery's input").map(([key]) => codeIn(key)[0]);
    expect(keys).not.toEqual([]);
    expect(keys.toSorted()).toEqual(listed(/\$not\(\$ in \[([^\]]+)\]\)/, 'recovery').toSorted());
  });

  /** The states from the first to an end, by the usual way but for the turns that are named. */
  const pathOf = (machine: string, turns: Readonly<Record<string, string>> = {}): string[] => {
    const definition = readDefinition(machine);
    const path = [definition.StartAt];
    for (;;) {
      const name = path.at(-1) ?? '';
      const { Next, Default } = definition.States[name] ?? {};
      const next = turns[name] ?? Next ?? Default;
      if (next === undefined) return path;
      expect([...flowOf(definition, name), ...failuresOf(definition, name)], name).toContain(next);
      expect(path, 'the path goes in circles').not.toContain(next);
      path.push(next);
    }
  };

  const CHECKED = { CheckAfter: 'ChooseCompensation', ChooseEnd: 'RolledBack' };
  const BY_RULE = { CheckInput: 'DescribeStoppedExecution', ChooseSubject: 'TakeLock' };

  test.each<[string, string, Readonly<Record<string, string>>]>([
    ['a rotation of a single user', 'rotation', {}],
    ['a rotation of a pair whose predecessor is kept', 'rotation', {}],
    ['a rotation of a pair whose predecessor is retired', 'rotation', { ChooseEnd: 'StartRetirement' }],
    ['a retirement', 'retirement', {}],
    ['a wrong input', 'rotation', { CheckInput: 'Refused' }],
    [
      'a rotation that is refused, since another execution has the lock',
      'rotation',
      { CreateSecret: 'ChooseCompensation', ChooseCompensation: 'Refused' },
    ],
    [
      'a rotation that CheckBefore refuses',
      'rotation',
      { CheckBefore: 'ChooseCompensation', ChooseEnd: 'Refused' },
    ],
    [
      'a rotation of a single user that fails at the end, and is compensated',
      'rotation',
      { ...CHECKED, ChooseCompensation: 'RestoreCredential' },
    ],
    [
      'a rotation of a pair that fails at the end, and is compensated',
      'rotation',
      { ...CHECKED, ChooseCompensation: 'RestoreCurrentLabel' },
    ],
    ['`verify`', 'rotation', { CheckInput: 'Verify' }],
    ['`revert` of a single user', 'rotation', { ChooseEnd: 'Reverted' }],
    ['a recovery that an operator starts', 'recovery', {}],
    ['a recovery where nothing logs in', 'recovery', { RecoverSecret: 'NotifyOperators' }],
    ['the recovery of an execution that was stopped', 'recovery', BY_RULE],
    [
      'the recovery of one that had nothing to recover',
      'recovery',
      { ...BY_RULE, ChooseSubject: 'NothingToRecover' },
    ],
  ])('on how many states cost: %s', (what, machine, turns) => {
    const row = tableOf(STATES, 'what happens').find(([happens]) => happens === what);
    const path = pathOf(machine, turns);
    expect(row?.slice(1)).toEqual([String(path.length), `\`${path.at(-1)}\``]);
  });

  test('on every row of what states cost', () => {
    const rows = tableOf(STATES, 'what happens').filter(([, states]) => !states?.startsWith('+'));
    expect(rows).toHaveLength(16);
  });

  test('on what another look costs', () => {
    const more = tableOf(STATES, 'what happens').filter(([, states]) => states?.startsWith('+'));
    const round = (turns: Readonly<Record<string, string>>, from: string): number => {
      const { States } = readDefinition('rotation');
      let count = 0;
      for (let name: string | undefined = from; count === 0 || name !== from; count++) {
        name = turns[name ?? ''] ?? States[name ?? '']?.Next;
      }
      return count;
    };
    expect(more.map(([, states]) => states)).toEqual([
      `+${round({ TestSecret: 'AttemptsLeft', AttemptsLeft: 'WaitForPropagation' }, 'TestSecret')}`,
      `+${round({ LookAgain: 'WaitForDrain', ChooseCompensation: 'RestoreCredential' }, 'RestoreCredential')}`,
      `+${round({ ChooseEnd: 'WaitForDrain', ChooseCompensation: 'CheckAfter' }, 'CheckAfter')}`,
    ]);
  });

  test('on how many states a rotation goes through', () => {
    const path = pathOf('rotation');
    expect(path.at(-1)).toBe('Rotated');
    expect(README).toContain(`A rotation goes through ${path.length} states.`);
  });
});

describe('the README', () => {
  // Who installs the package has no other files of the repository.
  test('links only to what the package carries', () => {
    const { files }: { files: string[] } = JSON.parse(read('package.json'));
    const carried = [...files, 'LICENSE'];
    const isCarried = (path: string): boolean =>
      carried.some((pattern) => {
        const [folder = '', ending] = pattern.split('*');
        return ending === undefined
          ? path === pattern
          : path.startsWith(folder) && path.endsWith(ending) && !path.slice(folder.length).includes('/');
      });
    const links = [...withoutCode(README).matchAll(/\]\((?!https:|#)([^)#\s]+)/g)].map(
      ([, path = '']) => path,
    );
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((path) => !isCarried(path))).toEqual([]);
  });

  test('shows pictures that are small, and says in words what is on them', () => {
    const pictures = [...README.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)];
    expect(pictures.map(([, , path]) => path)).toEqual([
      'statemachine/page.png',
      'statemachine/rotation.svg',
    ]);
    for (const [, words = '', path = ''] of pictures) {
      expect(words, path).toMatch(/^\w+( \S+){4,}/);
      expect(statSync(join(ROOT, path)).size, path).toBeLessThan(150_000);
    }
  });

  test('can be read in one go', () => {
    expect(README.split('\n').length).toBeLessThanOrEqual(191);
  });

  test('installs the package under the name that npm gives it', () => {
    const { version } = JSON.parse(read('package.json'));
    expect(README).toContain(`./docdb-rotation-${version}.tgz`);
  });
});

describe('the alarms', () => {
  const stack = makeStack();
  new DocDbRotation(stack, 'Rotation').manage(newSecret(stack, 'App'));
  const alarms = Object.keys(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm')).map((id) =>
    id.replace(/^RotationAlarms(.+)[0-9A-F]{8}$/, '$1'),
  );

  test('are those of the table', () => {
    const told = tableOf(INFRA, 'alarm').flatMap(([names]) => codeIn(names));
    expect(told.toSorted()).toEqual(alarms.toSorted());
  });

  test('are counted, and cost what the README says', () => {
    expect(INFRA).toContain(`They are the same ${alarms.length} however many`);
    expect(README).toContain(`[${alarms.length} alarms](`);
    expect(README).toContain(`however many secrets (${(alarms.length / 10).toFixed(2)})`);
  });
});

// A state that was renamed would stay in the prose under its old name, and no one would find it in a picture.
describe.each([
  'README.md',
  'functions/README.md',
  'functions/LOCK.md',
  'infra/README.md',
  'statemachine/RUNBOOK.md',
])('the prose of %s', (document) => {
  test('names no state that is gone', () => {
    const gone =
      /\b(Remember\w+|WasDatabaseTouched|WhatGoesFirst|TakeLockAgain|GiveBackCurrent|Is(?:StillOurs|CheckNeeded|TimeLeft|PromotedAlready|RetirementDue)|StopRotation|WaitForRunningStep|BeginRecovery|InvalidInput)\b/g;
    expect(read(document).match(gone) ?? []).toEqual([]);
  });
});

describe('the documents and the code agree', () => {
  const settings = (strategy?: string) => {
    const secret: SecretDescription = {
      arn: 'arn',
      name: 'my/secret',
      versions: {},
      tags:
        strategy === undefined
          ? {}
          : { 'docdb-rotation:strategy': strategy, 'docdb-rotation:admin-secret': 'admin' },
      markedForDeletion: false,
    };
    return settingsOf(secret);
  };
  const tags = new Map(tableOf(FUNCTIONS, 'tag').map(([tag, ...cells]) => [codeIn(tag)[0], cells]));

  test('on the tags', () => {
    expect([...tags.keys()]).toEqual(KNOWN_TAGS);
  });

  test('on what a tag may be', () => {
    expect(codeIn(tags.get('docdb-rotation:strategy')?.[0])).toEqual([...STRATEGIES]);
    expect(codeIn(tags.get('docdb-rotation:retirement-policy')?.[0])).toEqual([...RETIREMENT_POLICIES]);
    expect(tableOf(README, 'strategy').map(([strategy]) => codeIn(strategy)[0])).toEqual([...STRATEGIES]);
    const longest = codeIn(tags.get('docdb-rotation:grace')?.[0])[0];
    expect(Number(longest)).toBe(LONGEST_GRACE_SECONDS);
  });

  test('on the defaults of the tags', () => {
    expect(codeIn(tags.get('docdb-rotation:strategy')?.[1])).toEqual([settings().strategy]);
    expect(codeIn(tags.get('docdb-rotation:grace')?.[1])).toEqual([String(settings().graceSeconds)]);
    expect(codeIn(tags.get('docdb-rotation:retirement-policy')?.[1])).toEqual([
      settings('admin-clone').retirementPolicy,
      'admin-clone',
      settings('alternating-users').retirementPolicy,
    ]);
    expect(settings().adminSecret).toBeUndefined();
    expect(tags.get('docdb-rotation:admin-secret')?.[1]).toBe('none');
    expect(settings('alternating-users').adminSecret).toBe('admin');
  });

  test('on the configuration in CDK’s context', () => {
    const source = read('infra/options/config.ts');
    const keys = [...source.slice(source.indexOf('const Config =')).matchAll(/^ {2}(\w+): (?!string)/gm)];
    const rows = tableOf(INFRA, 'key').map(([key, fallback]) => [codeIn(key)[0], codeIn(fallback)[0]]);
    expect(rows.map(([key]) => key)).toEqual(keys.map(([, key]) => key));
    const defaults = Object.entries(readConfig({})).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    expect(rows.filter(([, fallback]) => fallback !== undefined)).toEqual(defaults);
  });

  test('on the configuration of a secret', () => {
    const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:my/app-AbCdEf';
    const defaults: Record<string, unknown> =
      readConfig({ 'docdb-rotation:secrets': [{ arn }] }).secrets[0] ?? {};
    const rows = tableOf(INFRA, 'key of a secret');
    for (const [key, fallback] of rows) {
      const name = codeIn(key)[0] ?? '';
      if (name !== 'arn' && defaults[name] !== undefined)
        expect(codeIn(fallback)[0], name).toBe(String(defaults[name]));
    }
    const keys = rows.flatMap(([key]) => codeIn(key));
    expect(keys).toEqual(expect.arrayContaining(Object.keys(defaults)));
    expect(keys.toSorted()).toEqual([
      'adminSecretArn',
      'adminSecretKeyArn',
      'arn',
      'graceSeconds',
      'keyArn',
      'resetThroughAdmin',
      'resetThroughCluster',
      'retirementPolicy',
      'rotateImmediately',
      'schedule',
      'strategy',
    ]);
  });

  test('on the example of a deployment', () => {
    const [, json = ''] = /docdb-rotation:secrets=(\[.*\])'/.exec(INFRA) ?? [];
    expect(readConfig({ 'docdb-rotation:secrets': json }).secrets).toHaveLength(1);
  });

  test('on what the messages say', () => {
    const said = [sourcesUnder('functions'), ...definitionNames().map(definitionText)].join('\n');
    const rows = tableOf(RUNBOOK, 'error');
    const named = rows.map(([error]) => codeIn(error)[0]);
    expect(Object.keys(errors)).toEqual(expect.arrayContaining(named));
    expect(new Set(named).size, 'one row for each error').toBe(rows.length);
    const quoted = rows.flatMap(([, says = '']) =>
      [...says.matchAll(/"([^"]+)"/g)].map(([, text = '']) => text),
    );
    const parts = quoted.flatMap((text) => text.split('…')).map((part) => part.trim());
    expect(parts.filter((part) => !said.includes(part))).toEqual([]);
  });
});

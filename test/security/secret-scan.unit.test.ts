import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { oddPackages, scan, scanRepository } from './secret-scan.ts';

const word = (length: number, alphabet: string): string =>
  [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('');

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ANY = `${UPPER}abcdefghijklmnopqrstuvwxyz0189`;

test('the repository has no secret, not even a made-up one, and its packages come from npm', () => {
  expect(scanRepository()).toEqual([]);
});

test.each([
  ['an AWS access key', () => `key = AKIA${word(16, UPPER)}`],
  [
    'a private key',
    () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  ],
  ['a GitHub token', () => `ghp_${word(36, ANY)}`],
  ['an npm or PyPI token', () => `npm_${word(36, ANY)}`],
  ['an address with a password', () => `mongodb://app:${word(12, ANY)}@cluster.example:27017`],
  ['a password, secret or token as a constant', () => `const password = '${word(12, ANY)}7';`],
  ['a password, secret or token as a constant', () => `{"pwd": "${word(12, ANY)}7"}`],
  // Whichever characters chance leaves out: enough of them are there.
  ['a word that looks random', () => `x = '${word(64, ANY)}0aA1b2'`],
])('finds %s', (what, text) => {
  expect(scan(`first\n${text()}\nlast`).map((finding) => finding.what)).toContain(what);
});

test.each([
  'const password = randomBytes(18).toString("base64url");',
  "pwd: '<the new password>'",
  'mongodb://user:<password>@host',
  `"integrity": "sha512-${randomBytes(64).toString('base64')}"`,
  'https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html',
  'arn:aws:secretsmanager:eu-central-1:000000000000:secret:demo/app-AbCdEf',
  'DocDbRotationRotationStateMachineWorkflow',
])('lets pass %#', (text) => {
  expect(scan(text)).toEqual([]);
});

test('finds packages that come from elsewhere, from a folder, or that nothing pins', () => {
  const integrity = 'sha512-x';
  const packages = {
    '': {},
    'node_modules/good': { resolved: 'https://registry.npmjs.org/good/-/good-1.0.0.tgz', integrity },
    'node_modules/pinned': { integrity },
    'node_modules/a/node_modules/bundled': { inBundle: true },
    'node_modules/git': { resolved: 'git+ssh://git@github.com/x/y.git#1', integrity },
    'node_modules/mirror': { resolved: 'http://registry.npmjs.org/x.tgz', integrity },
    'node_modules/loose': {},
    'node_modules/folder': { link: true, integrity },
  };
  expect(oddPackages({ packages })).toEqual([
    'node_modules/git',
    'node_modules/mirror',
    'node_modules/loose',
    'node_modules/folder',
  ]);
});

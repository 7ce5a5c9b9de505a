import type * as z from 'zod';
import { LONGEST_USERNAME } from '../contract/limits.ts';

/** What is wrong with the text of a key, and what to write instead. The first that fits; none of them quotes the value. */
type Reason = readonly [fits: (value: unknown) => boolean, words: string];

const isText = (form: RegExp) => (value: unknown) => typeof value === 'string' && form.test(value);
const isEmpty = (value: unknown): boolean => value === null || value === '';
const isThere = (value: unknown): boolean => value !== undefined;

const REASONS: Readonly<Record<string, readonly Reason[]>> = {
  engine: [
    [isEmpty, 'it is null or empty; write "mongo"'],
    [isThere, 'it is another engine; write "mongo"'],
  ],
  host: [
    [isEmpty, 'it is null or empty; write the cluster endpoint'],
    [isText(/[/@]/), 'it is a URI, or a part of one; write the host name alone'],
    [isText(/\s/), 'it has a blank or a line break in it; write the host name alone'],
    [isText(/,/), 'it names several hosts; write the cluster endpoint alone'],
    [isText(/:\d*$/), 'it has a port in it; write the host name alone, and the port under the key "port"'],
  ],
  port: [
    [isEmpty, 'it is null or empty; leave it out for 27017, or write the number'],
    [isThere, 'it is no whole number from 1 to 65535; leave it out for 27017, or write the number'],
  ],
  username: [
    [isEmpty, 'it is null or empty; write the name of the database user'],
    [isText(/./s), `it is longer than the ${LONGEST_USERNAME} characters that DocumentDB takes`],
    [isThere, 'it is no text; put it in quotes'],
  ],
  password: [
    [isEmpty, 'it is null or empty; write the password of the user'],
    [isThere, 'it is no text; put it in quotes'],
  ],
  ssl: [[isThere, 'it is no boolean; write true or false, or leave it out for true']],
};

/** The keys of a value that can't be used, each with the reason if one is known. */
export const problemsIn = (error: z.ZodError, json: Readonly<Record<string, unknown>>): string =>
  [...new Set(error.issues.map((issue) => problemOf(issue.path.join('.'), json)))].join(', ');

const problemOf = (key: string, json: Readonly<Record<string, unknown>>): string => {
  const words = REASONS[key]?.find(([fits]) => fits(json[key]))?.[1];
  return `the key "${key}" is missing or unusable${words === undefined ? '' : ` (${words})`}`;
};

/** What one rotation takes, however long each of it takes: it is the same on every machine. */
export interface Counts {
  /** States that the rotation's execution entered, the last one too. */
  readonly states: number;
  /** Calls of functions, those of the trigger too. */
  readonly lambdaCalls: number;
  readonly secretsManagerCalls: number;
  readonly logins: number;
  /** Commands after a login, but `hello`; how a driver logs in and out does not count. */
  readonly databaseCommands: number;
}

export type CountName = keyof Counts;

export const COUNT_NAMES = [
  'states',
  'lambdaCalls',
  'secretsManagerCalls',
  'logins',
  'databaseCommands',
] as const satisfies readonly CountName[];

/** What the command starts, and so what a name can say. */
export const MODES = ['rotate', 'verify', 'revert', 'recover', 'check'] as const;
export type Mode = (typeof MODES)[number];

/** Longest name of an execution: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const LONGEST_NAME = 80;

/** The trigger's names leave this much to the secret, those of before 0.2 too (functions/rotation-trigger/executions.ts). */
const SHORTEST_HEAD = 35;

/** How the names of executions for a secret begin: its own, with the six characters that no other secret's has. */
export const headOf = (secretArn: string): string =>
  (secretArn.split(':').at(-1) ?? '').replace(/[^A-Za-z0-9_-]+/g, '-');

/**
 * Says secret, mode and day to who reads the list in the console.
 *
 * The ids of the versions that an execution writes follow from its ARN, and so from its name: a name is never used twice. The time
 * and the random end see to that also after 90 days, when Step Functions would take the same name again. It is none of the trigger's
 * names, which are looked up by the hash of a token, and does not end like an attempt of one (`-1`).
 *
 * @param random four characters
 */
export const executionName = (secretArn: string, mode: Mode, now: Date, random: string): string => {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const ending = `-${mode}-${time}-${random}`;
  return `${headOf(secretArn).slice(0, LONGEST_NAME - ending.length)}${ending}`;
};

/** What the name of an execution tells; undefined for one that someone else chose. */
export interface NameParts {
  /** Of the secret's own name as much as there was room for. */
  readonly head: string;
  readonly mode: Mode;
  readonly by: 'command' | 'Secrets Manager';
}

export const partsOf = (name: string): NameParts | undefined => {
  const [, head, mode] =
    /^(.+)-(rotate|verify|revert|recover|check)-\d{8}T\d{6}Z-[0-9a-z]{4}$/.exec(name) ?? [];
  if (head !== undefined) return { head, mode: mode as Mode, by: 'command' };
  const [, secret, what] = /^(.+)-(rotate|check)-\d{8}-[0-9a-f]{24}-\d+$/.exec(name) ?? [];
  if (secret !== undefined) return { head: secret, mode: what as Mode, by: 'Secrets Manager' };
  return partsBefore02(name);
};

/** The trigger's names had no mode, but for a lone test. To be removed with 1.0. */
const partsBefore02 = (name: string): NameParts | undefined => {
  const [, head, test] = /^(.+)-[0-9a-f]{32}-\d+(-verify|-check)?$/.exec(name) ?? [];
  if (head === undefined) return undefined;
  return { head, mode: (test?.slice(1) ?? 'rotate') as Mode, by: 'Secrets Manager' };
};

/** Secrets whose names begin alike may share what is in the names of their executions. */
export const beginningOf = (head: string): string => head.slice(0, SHORTEST_HEAD);

/**
 * Whether an execution is for a secret, as far as its name can tell.
 *
 * @returns undefined where only its input can: someone else's name, or a secret's that is too long for one
 */
export const nameIsOf = (name: string, secretArn: string): boolean | undefined => {
  const head = partsOf(name)?.head;
  if (head === undefined) return undefined;
  const whole = headOf(secretArn);
  if (whole === head) return true;
  return head.length >= SHORTEST_HEAD && whole.startsWith(head) ? undefined : false;
};

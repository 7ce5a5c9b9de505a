import type { Counts } from './counts.ts';
import type { Way } from './entry-points.ts';
import type { StrategyName } from './strategies.ts';

/*
 * What a rotation may take, and why it takes that much. Each is what it takes today: who needs more raises it here, with a reason,
 * and who reviews that sees it. Times are measured (`npm run bench`), and are no one's budget: they are the machine's.
 */

export interface RotationBudget {
  readonly most: Counts;
  /** On a cluster with a writer and two readers, whose names are not the one in the secret. */
  readonly loginsOnThreeInstances: number;
  readonly because: string;
}

/** For all ways that go forward. */
export const MOST_STATES_FORWARD = {
  most: 12,
  because:
    'who reads the graph of an execution sees on one screen what happened. A pair that retires its predecessor needs all 12.',
} as const;

/** It takes the lock and writes the version, which only Secrets Manager's rotation function may. */
const TRIGGER =
  "the trigger's 10: it looks at the secret, takes the lock (3), makes, writes and records the version (4), and looks twice whether AWSCURRENT is where it says. CreateSecret only reads, 4 calls less";

export const ROTATION_BUDGETS: Readonly<Record<StrategyName, Readonly<Record<Way, RotationBudget>>>> = {
  'single-user': {
    'on demand': {
      most: { states: 11, lambdaCalls: 7, secretsManagerCalls: 17, logins: 4, databaseCommands: 6 },
      loginsOnThreeInstances: 13,
      because:
        'a call of a function for each step that can fail alone, 7. Calls of Secrets Manager: 7 make the version and take the lock, 1 reads before, 3 before the change and 1 after it, 2 promote, 1 reads as an application does, 2 record and release. A login before, one to change, one to test, one as an application.',
    },
    'by Secrets Manager': {
      most: { states: 11, lambdaCalls: 11, secretsManagerCalls: 23, logins: 4, databaseCommands: 6 },
      loginsOnThreeInstances: 13,
      because: `as on demand; Secrets Manager calls the trigger 4 times. In between ${TRIGGER}.`,
    },
  },
  'single-user through admin': {
    'on demand': {
      most: { states: 11, lambdaCalls: 7, secretsManagerCalls: 18, logins: 5, databaseCommands: 7 },
      loginsOnThreeInstances: 14,
      because: 'as by its own power; the admin secret is read, and its user logs in and makes the change.',
    },
    'by Secrets Manager': {
      most: { states: 11, lambdaCalls: 11, secretsManagerCalls: 24, logins: 5, databaseCommands: 7 },
      loginsOnThreeInstances: 14,
      because: `as on demand, and ${TRIGGER}.`,
    },
  },
  'alternating-users': {
    'on demand': {
      most: { states: 11, lambdaCalls: 7, secretsManagerCalls: 26, logins: 11, databaseCommands: 11 },
      loginsOnThreeInstances: 20,
      because:
        "beside a single user's: the version that was written is recorded as proven at once; AWSPREVIOUS, which is the other user's, is read and tried before anything changes; the admin looks that user up before, and changes it after, and right before that the version which logged in as it is read and tried again, where its predecessor was kept: an administrator may have changed the password; the two are recorded as a pair before the promotion; right before it and after it the replaced version is read and tried, since someone may have taken a role from its user meanwhile; and the lock is asked for before the end is recorded.",
    },
    'by Secrets Manager': {
      most: { states: 11, lambdaCalls: 11, secretsManagerCalls: 31, logins: 11, databaseCommands: 11 },
      loginsOnThreeInstances: 20,
      because: `as on demand, and ${TRIGGER}. It makes the record too, which CreateSecret makes on demand.`,
    },
  },
  'admin-clone': {
    'on demand': {
      most: { states: 12, lambdaCalls: 7, secretsManagerCalls: 23, logins: 8, databaseCommands: 11 },
      loginsOnThreeInstances: 17,
      because: 'as alternating-users without the admin secret; one state starts the retirement.',
    },
    'by Secrets Manager': {
      most: { states: 12, lambdaCalls: 11, secretsManagerCalls: 28, logins: 8, databaseCommands: 11 },
      loginsOnThreeInstances: 17,
      because: `as on demand, and ${TRIGGER}. It makes the record too, which CreateSecret makes on demand.`,
    },
  },
};

export interface MachineBudget {
  readonly states: number;
  readonly choices: number;
  readonly because: string;
}

export const MACHINE_BUDGETS: Readonly<Record<string, MachineBudget>> = {
  rotation: {
    states: 32,
    choices: 5,
    because:
      'the forward path, its compensation, a verification, a check, and an end for each outcome that an operator tells apart.',
  },
  recovery: {
    states: 19,
    choices: 5,
    because:
      'takes the lock over, reconciles, checks, releases; and looks again after functions in flight and changes that were repeated.',
  },
  retirement: {
    states: 7,
    choices: 1,
    because: 'waits for the grace period, retires under the lock, and tells operators if that fails.',
  },
};

export interface SizeBudget {
  /** Of index.mjs, in units of 1000 bytes. */
  readonly kilobytes: number;
  readonly because: string;
}

const WITH_DATABASE = {
  kilobytes: 1400,
  because:
    'the driver and bson 620, the SDK 300, certificate authorities 180, zod 130, ours and the logger 110',
};
const CHECKS = { kilobytes: 1440, because: 'as the others with a database, and what a check looks at' };
const RECOVERY = {
  kilobytes: 1500,
  because: 'as the others with a database, and the client of clusters: no function is larger than 1.5 MB',
};
const WITHOUT_DATABASE = { kilobytes: 575, because: 'the SDK 290, zod 115, ours and the logger 100' };
const THREE_CLIENTS = {
  kilobytes: 610,
  because: 'as without a database, and the clients of events and topics',
};
const SERVICES_TOO = {
  kilobytes: 700,
  because:
    'as without a database, with certificate authorities, whose age it tells, and the metrics: none without the driver is larger than 0.7 MB',
};

/** Some percent may be updates of packages; more is something that was not loaded before. */
export const SIZE_BUDGETS: Readonly<Record<string, SizeBudget>> = {
  'check-credentials': SERVICES_TOO,
  'create-secret': WITHOUT_DATABASE,
  'finish-secret': WITHOUT_DATABASE,
  'recover-secret': RECOVERY,
  'release-lock': WITHOUT_DATABASE,
  'report-outcome': THREE_CLIENTS,
  'restore-credential': WITH_DATABASE,
  'restore-labels': WITHOUT_DATABASE,
  'retire-user': WITH_DATABASE,
  'rotation-trigger': WITHOUT_DATABASE,
  'set-secret': WITH_DATABASE,
  'test-secret': CHECKS,
};

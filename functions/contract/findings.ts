import * as z from 'zod';

/**
 * What a check (`"mode": "check"`) finds, as the functions say it and as the execution's output has it. For people and for programs:
 * topics and verdicts are an interface, the sentences are not. Never a password.
 */

/** What is looked at. One topic can have several findings: each function answers for itself. */
export const TOPICS = [
  /** It exists, and Secrets Manager lets it be rotated. */
  'secret',
  /** The secret's tags: known, with known values. */
  'tags',
  /** Nothing else acts on the secret, and there is room for two more labels. */
  'labels',
  /** What AWSCURRENT says: JSON, its keys, and whether a new credential can be written beside them. */
  'value',
  /** What the function's role may do with the secret. */
  'permissions',
  /** The key that the secret is encrypted with. */
  'encryption-key',
  /** The way to Secrets Manager. */
  'secrets-manager',
  /** Name and address of the database: DNS, route, security groups. */
  'route',
  /** TLS: the server's certificate verifies, and for how long it will. */
  'certificate',
  /** AWSCURRENT logs in, on every instance. */
  'credential',
  /** The host takes writes, also after a fail-over. */
  'endpoint',
  /** There is one where the strategy needs it; it can be read, is for the same cluster, and logs in. */
  'admin-secret',
  /** Who changes the user may change users. */
  'power',
  /** The other user of a pair: a name that fits, and is no one else's. */
  'other-user',
  /** The user's roles, which a pair's other user gets. */
  'roles',
  /** The function's clock and AWS's. */
  'clock',
] as const;

export type Topic = (typeof TOPICS)[number];

const seen = {
  topic: z.enum(TOPICS),
  /** The step whose function says so, from where it stands and with its own role. */
  step: z.string(),
  /** What is the case, in a sentence. */
  what: z.string(),
};

export const Finding = z.discriminatedUnion('verdict', [
  z.object({ verdict: z.literal('ready'), ...seen }),
  z.object({
    /** `not-ready`: a rotation would fail by it, now. `uncertain`: it may, or this could not be looked at; never a reason to refuse. */
    verdict: z.enum(['not-ready', 'uncertain']),
    ...seen,
    /** What to do, in a sentence. */
    remedy: z.string(),
    /** The section of statemachine/RUNBOOK.md, as in its address: `notreadyerror`. */
    section: z.string(),
  }),
]);
export type Finding = z.infer<typeof Finding>;
export type Problem = Exclude<Finding, { verdict: 'ready' }>;

/** What one function answers. */
export interface Answer {
  readonly step: string;
  readonly findings: readonly Finding[];
}

/**
 * The output of a check. With a `not-ready` among the findings the execution ends in Refused as NotReadyError, with all of these in
 * its cause, in words; the last output of the state Check in its history has them in this shape.
 */
export const CheckReport = z.object({
  outcome: z.literal('checked'),
  /** As the input named it. */
  secret: z.string(),
  /** The steps whose functions were asked, in turn. */
  asked: z.array(z.string()),
  findings: z.array(Finding),
});
export type CheckReport = z.infer<typeof CheckReport>;

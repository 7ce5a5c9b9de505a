import { z } from 'zod';

/** A user by the name that the script gives it. */
const UserName = z.string().regex(/^[a-z][a-z_]{0,40}$/);

/**
 * Stands in a command for a password that only the prober knows: the user's, or a new one, which becomes the user's if
 * the command succeeds. `length` and `with` break the rules on purpose.
 */
const Password = z.strictObject({
  $password: z.strictObject({
    of: UserName,
    kind: z.enum(['own', 'new']),
    length: z.number().int().min(0).max(120).optional(),
    with: z.string().max(3).optional(),
  }),
});

/** A command of the database. The name of a user that the script made up stands as `{"$user": "…"}`. */
const Command = z
  .record(z.string(), z.unknown())
  .refine((command) => Object.keys(command).length > 0, 'a command has a name')
  .refine(
    ({ pwd }) => pwd === undefined || Password.safeParse(pwd).success,
    'a password is named, never told',
  );

/** Where: the cluster's endpoint, or an instance by its place in the list that `hello` gives. */
const At = z.union([z.literal('cluster'), z.number().int().min(0).max(15)]).default('cluster');

const Step = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('connect'),
    name: z.string(),
    as: UserName,
    at: At,
    password: z.enum(['own', 'old', 'wrong']).default('own'),
    mechanism: z.enum(['SCRAM-SHA-1', 'SCRAM-SHA-256']).optional(),
  }),
  z.strictObject({
    do: z.literal('run'),
    on: z.string(),
    database: z.string().default('admin'),
    command: Command,
  }),
  z.strictObject({ do: z.literal('close'), name: z.string() }),
  /** Logs in at every instance again and again, until each takes the user's password, or refuses its old one. */
  z.strictObject({
    do: z.literal('await-logins'),
    as: UserName,
    password: z.enum(['own', 'old']),
    until: z.enum(['accepted', 'refused']),
    seconds: z.number().int().min(1).max(60),
  }),
  /** A connection without a word of the database's protocol. */
  z.strictObject({ do: z.literal('reach'), at: At, milliseconds: z.number().int().min(100).max(10_000) }),
]);

/** What the prober is asked to do, in one go: the passwords of made-up users are forgotten at its end. */
export const Script = z.strictObject({
  /** Whose secret says where the database is. */
  admin: z.strictObject({ secretArn: z.string().startsWith('arn:') }),
  /** Users whose passwords are in secrets, by the names that the steps use. */
  users: z
    .record(UserName, z.strictObject({ secretArn: z.string().startsWith('arn:'), label: z.string() }))
    .default({}),
  steps: z.array(Step).max(60),
});

export type Script = z.input<typeof Script>;
export type ParsedScript = z.output<typeof Script>;
export type Step = z.output<typeof Step>;

/** What a step came to. A refusal of the database is an answer like any other. */
export const Outcome = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    reply: z.record(z.string(), z.unknown()),
    milliseconds: z.number(),
  }),
  z.strictObject({
    ok: z.literal(false),
    error: z.string(),
    message: z.string(),
    code: z.number().optional(),
    codeName: z.string().optional(),
    milliseconds: z.number(),
  }),
]);

export type Outcome = z.infer<typeof Outcome>;

export const Outcomes = z.array(Outcome);

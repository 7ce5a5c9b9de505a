import {
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { PROVEN_TAG } from '../../../functions/contract/tags.ts';
import type { Role } from '../../../functions/database/database.ts';
import { versionIdsOf } from '../../../functions/secret/version-ids.ts';
import { labelsOf } from '../../e2e/rotations/outside-judge.ts';
import type { Executions, LocalStack } from '../../local-stack/deployment/index.ts';
import { newPassword, newVersionId } from '../../support/in-memory-secret-store.ts';
import { stoppedEvent } from '../../support/rotation-machine.ts';
import { type Act, type AnyArena, type Credential, type End, refuseWithout } from './any-arena.ts';
import type { Auditor } from './auditor.ts';
import type { EvilServer } from './evil-server.ts';
import { gainsIn } from './gains.ts';
import { MOMENTS, onceAt } from './moments.ts';
import type { Right, Want } from './rights.ts';
import { type StackWorld, textOf } from './stack-world.ts';
import type { StartedRecoveries } from './started-recoveries.ts';

/** What all arenas of one stack share. */
export interface Grounds {
  readonly stack: LocalStack;
  readonly evil: EvilServer;
  readonly auditor: Auditor;
  readonly recoveries: StartedRecoveries;
}

const LONGEST_MS = 200_000;

/** One secret on the deployed stack. What is done here, anybody does with the clients of AWS; what is judged, a client of the database sees. */
export class StackArena implements AnyArena {
  readonly user: string;
  readonly pairUser: string;
  readonly adminUser: string;
  readonly otherUser: string;
  readonly ownUser: string;
  readonly ownPassword: string;
  readonly adminSecret: string;
  readonly wasRotated: boolean;
  readonly evil: { readonly host: string; readonly port: number };
  readonly world: StackWorld;
  /** How all executions ended, in their order. */
  readonly ends: End[] = [];
  /** Whether the moment of an attack came. */
  wasReached = false;
  readonly #rights: readonly Right[];
  readonly #grounds: Grounds;
  readonly #stack: LocalStack;
  /** Credentials that the attacker knows; never one that the attacker made up and the database does not have. */
  readonly #known: Credential[] = [];
  readonly #made = new Map<string, Credential>();
  readonly #readOnes = new Set<string>();
  readonly #gainedBefore = new Set<Want>();
  readonly #rolesBefore: ReadonlyMap<string, string>;
  /** Rotations that were followed to their end. */
  readonly #seen = new Set<string>();
  #number = 0;

  private constructor(
    grounds: Grounds,
    rights: readonly Right[],
    world: StackWorld,
    roles: ReadonlyMap<string, string>,
  ) {
    this.#grounds = grounds;
    this.#stack = grounds.stack;
    this.#rights = rights;
    this.#rolesBefore = roles;
    this.world = world;
    this.user = world.secret.username;
    this.pairUser = world.pairUser;
    this.adminUser = grounds.stack.primaryUser.username;
    this.adminSecret = grounds.stack.adminSecret.arn;
    this.otherUser = world.otherUser;
    this.ownUser = world.own.username;
    this.ownPassword = world.own.password;
    this.wasRotated = world.options.wasRotated;
    this.evil = grounds.evil.keys;
    this.#known.push(...this.#mine.map((username) => ({ ...world.own, username })));
  }

  static async enter(grounds: Grounds, rights: readonly Right[], world: StackWorld): Promise<StackArena> {
    return new StackArena(grounds, rights, world, await rolesOfAll(grounds, foreign(grounds, world)));
  }

  get #mine(): string[] {
    return [this.ownUser, ...(this.world.options.pair === 'the attacker’s' ? [this.pairUser] : [])];
  }

  async write(
    keys: Readonly<Record<string, unknown>> | string,
    label: string | string[] = 'AWSCURRENT',
    id = newVersionId(),
  ): Promise<string> {
    refuseWithout(this.#rights, 'write');
    if (typeof keys !== 'string') await this.#letIn(keys);
    await this.#stack.secretsManager.send(
      new PutSecretValueCommand({
        SecretId: this.world.secret.arn,
        ClientRequestToken: id,
        SecretString: typeof keys === 'string' ? keys : textOf(this.#stack, { username: this.user, ...keys }),
        VersionStages: typeof label === 'string' ? [label] : label,
      }),
    );
    return id;
  }

  /** The attacker's server lets in whom the attacker sends there; with a password of someone else it does not, and tells. */
  async #letIn(keys: Readonly<Record<string, unknown>>): Promise<void> {
    if (keys.port !== this.evil.port) return;
    const mine = this.#known.find(
      ({ password }) => password === keys.password && !this.#readOnes.has(password),
    );
    if (mine) await this.#grounds.evil.letIn(mine, mine.username !== this.otherUser);
  }

  /** One for each user: the attacker's server can know no more. */
  mine(username = this.user): Credential {
    const made = this.#made.get(username) ?? { username, password: newPassword() };
    if (!this.#made.has(username)) this.#known.push(made);
    this.#made.set(username, made);
    return made;
  }

  async read(): Promise<Credential[]> {
    refuseWithout(this.#rights, 'read');
    const found: Credential[] = [];
    for (const version of await this.versions())
      found.push(...(await this.#credentialIn({ VersionId: version })));
    this.#known.push(...found);
    for (const { password } of found) this.#readOnes.add(password);
    return found;
  }

  async #credentialIn(version: { VersionId: string } | { VersionStage: string }): Promise<Credential[]> {
    const SecretId = this.world.secret.arn;
    try {
      const { SecretString = '' } = await this.#stack.secretsManager.send(
        new GetSecretValueCommand({ SecretId, ...version }),
      );
      const { username, password } = JSON.parse(SecretString);
      return typeof username === 'string' && typeof password === 'string' ? [{ username, password }] : [];
    } catch (error) {
      // A version that a rotation has begun, and no one has written.
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return [];
      throw error;
    }
  }

  tag(key: string, value: string): Promise<void> {
    return this.#setTag(`docdb-rotation:${key}`, value);
  }

  tagProven(...versions: string[]): Promise<void> {
    return this.#setTag(PROVEN_TAG, versions.join(' '));
  }

  async #setTag(Key: string, Value: string): Promise<void> {
    refuseWithout(this.#rights, 'tag');
    const SecretId = this.world.secret.arn;
    await this.#stack.secretsManager.send(new TagResourceCommand({ SecretId, Tags: [{ Key, Value }] }));
  }

  start(input: object = {}, name = this.#nextName()): Promise<End> {
    refuseWithout(this.#rights, 'start');
    return this.#rotate(input, name);
  }

  retire(input: object): Promise<End> {
    refuseWithout(this.#rights, 'start');
    return this.#run(this.#stack.retirements, { graceSeconds: 0, ...input });
  }

  recover(input: object = {}): Promise<End> {
    refuseWithout(this.#rights, 'recover');
    return this.#run(this.#stack.recoveries, input);
  }

  async deployOwnFunctions(): Promise<void> {
    throw new Error('this is left out on the stack: see left-out.ts');
  }

  async versions(): Promise<string[]> {
    const { Versions = [] } = await this.#stack.secretsManager.send(
      new ListSecretVersionIdsCommand({
        SecretId: this.world.secret.arn,
        IncludeDeprecated: true,
        MaxResults: 100,
      }),
    );
    return Versions.map(({ VersionId = '' }) => VersionId);
  }

  async current(): Promise<string> {
    return (await labelsOf(this.#stack, this.world.secret.arn)).current ?? '';
  }

  executionArn(name: string): string {
    return `${this.#stack.stateMachineArn.replace(':stateMachine:', ':execution:')}:${this.#full(name)}`;
  }

  idsOf(name: string): readonly string[] {
    return versionIdsOf(this.executionArn(name));
  }

  eventOf(name: string): object {
    return stoppedEvent(this.executionArn(name), { secretId: this.world.secret.arn });
  }

  readonly honest = {
    rotate: (at?: number, act?: Act, mode = 'rotate', name = this.#nextName()): Promise<End> =>
      this.#at(at, act, () => this.#rotate(mode === 'rotate' ? {} : { mode }, name)),
    scheduled: (at?: number, act?: Act): Promise<End | undefined> =>
      this.#at(at, act, () => this.#rotateByService()),
    recover: (input: object = {}): Promise<End> => this.#run(this.#stack.recoveries, input),
    putBack: async (version: string): Promise<void> => {
      const RemoveFromVersionId = await this.current();
      if (RemoveFromVersionId === version) return;
      await this.#stack.secretsManager.send(
        new UpdateSecretVersionStageCommand({
          SecretId: this.world.secret.arn,
          VersionStage: 'AWSCURRENT',
          RemoveFromVersionId,
          MoveToVersionId: version,
        }),
      );
    },
  };

  #nextName(): string {
    this.#number += 1;
    return `run-${this.#number}`;
  }

  /** Of all arenas on the stack, only this one's. */
  #full(name: string): string {
    return `${this.world.tag}-${name}`;
  }

  async #at<T>(at: number | undefined, act: Act | undefined, run: () => Promise<T>): Promise<T> {
    const moment = at === undefined ? undefined : MOMENTS[at - 1];
    if (moment === undefined || act === undefined) return await run();
    const watched = { secretArn: this.world.secret.arn, usernames: [this.user, this.pairUser] };
    const stop = onceAt(this.#stack, moment, watched, async () => {
      this.wasReached = true;
      await act();
    });
    try {
      return await run();
    } finally {
      stop();
    }
  }

  async #rotate(input: object, name: string): Promise<End> {
    const { executions } = this.#stack;
    const arn = await executions.start({ secretId: this.world.secret.arn, ...input }, this.#full(name));
    return await this.#followed(arn);
  }

  /** RotateSecret, until Secrets Manager gives up or is content. It is refused where a version is pending. */
  async #rotateByService(): Promise<End | undefined> {
    const SecretId = this.world.secret.arn;
    const request = new RotateSecretCommand({
      SecretId,
      RotationLambdaARN: this.#stack.triggerFunctionArn,
      RotateImmediately: true,
      RotationRules: { AutomaticallyAfterDays: 30 },
    });
    try {
      await this.#stack.secretsManager.send(request);
    } catch (error) {
      if (error instanceof Error && error.name === 'InvalidRequestException') return undefined;
      throw error;
    }
    await this.#stack.secretsManagerStandIn.rotations.latest(SecretId)?.ended;
    const execution = await this.#newestByService();
    return execution === undefined ? undefined : await this.#followed(execution);
  }

  /** The execution that the trigger has started, whose name has the secret's name; none if it was refused before that. */
  async #newestByService(): Promise<string | undefined> {
    const name = this.world.secret.name.replace('/', '-');
    const [newest] = (await this.#stack.executions.list()).filter((arn) => arn.includes(name));
    return newest === undefined || this.#seen.has(newest) ? undefined : newest;
  }

  async #run(executions: Executions, input: object): Promise<End> {
    const end = await executions.waitFor(
      await executions.start({ secretId: this.world.secret.arn, ...input }),
      LONGEST_MS,
    );
    return await this.#noted(end);
  }

  /** The end of a rotation, and of what it or the rule starts. */
  async #followed(arn: string): Promise<End> {
    this.#seen.add(arn);
    const end = await this.#stack.executions.waitFor(arn, LONGEST_MS);
    await this.#noted(end);
    await this.#retired(JSON.parse(end.output ?? '{}').retirement);
    // The rule for executions that ended without compensation.
    if (end.error === 'RotationSupersededError') await this.#grounds.recoveries.endedFor(arn);
    return end;
  }

  async #retired(retirement: unknown): Promise<void> {
    if (typeof retirement !== 'string') return;
    const { input = '{}' } = await this.#stack.retirements.describe(retirement);
    // The others wait for longer than this test.
    if (JSON.parse(input).graceSeconds === 0) await this.#stack.retirements.waitFor(retirement, LONGEST_MS);
  }

  /** An outage counts only if it lasts. */
  async #noted(end: End): Promise<End> {
    this.ends.push(end);
    for (const want of await this.#gainedNow()) if (want !== 'outage') this.#gainedBefore.add(want);
    return end;
  }

  /** What the attack has come to, at the end or at the end of an execution. */
  async gained(): Promise<Want[]> {
    return [...new Set([...this.#gainedBefore, ...(await this.#gainedNow())])];
  }

  async #gainedNow(): Promise<Want[]> {
    const { options } = this.world;
    const roles = await this.#rolesOfMine();
    return gainsIn({
      user: this.user,
      pairUser: this.pairUser,
      otherUser: this.otherUser,
      adminUser: this.adminUser,
      mine: this.#mine,
      isPairForeign: options.pair === 'someone else’s',
      accepted: await this.#accepted(),
      readOnes: this.#readOnes,
      rolesOf: (name) => roles.get(name) ?? [],
      isCaught: this.#grounds.evil.hasCaught([this.user, this.pairUser, this.otherUser]),
      isTouched: await this.#isTouched(),
      currentLogsIn: await this.#logIn(await this.#credentialIn({ VersionStage: 'AWSCURRENT' })),
    });
  }

  async #accepted(): Promise<Credential[]> {
    const answers = await Promise.all(this.#known.map((one) => this.#stack.logsIn(one)));
    return this.#known.filter((_, index) => answers[index]);
  }

  async #rolesOfMine(): Promise<Map<string, readonly Role[]>> {
    const roles = new Map<string, readonly Role[]>();
    for (const name of this.#mine) roles.set(name, (await this.#grounds.auditor.rolesOf(name)) ?? []);
    return roles;
  }

  /** Whether a user of no one here has another password, or other roles. */
  async #isTouched(): Promise<boolean> {
    const users = foreign(this.#grounds, this.world);
    const roles = await rolesOfAll(this.#grounds, users);
    const areSame = users.every(({ username }) => roles.get(username) === this.#rolesBefore.get(username));
    return !areSame || !(await this.#logIn(users));
  }

  async #logIn(credentials: readonly Credential[]): Promise<boolean> {
    const answers = await Promise.all(credentials.map((one) => this.#stack.logsIn(one)));
    return answers.length > 0 && answers.every(Boolean);
  }
}

const foreign = ({ stack: { primaryUser } }: Grounds, { others }: StackWorld): Credential[] => [
  ...others,
  primaryUser,
];

const rolesOfAll = async (
  { auditor }: Grounds,
  users: readonly Credential[],
): Promise<ReadonlyMap<string, string>> => {
  const roles = new Map<string, string>();
  for (const { username } of users) roles.set(username, JSON.stringify(await auditor.rolesOf(username)));
  return roles;
};

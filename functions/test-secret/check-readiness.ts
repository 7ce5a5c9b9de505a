import { randomUUID } from 'node:crypto';
import { NotAuthorizedError, SecretNotRotatableError } from '../contract/errors.ts';
import type { Answer } from '../contract/findings.ts';
import type { Plan, ReadinessInput } from '../contract/steps.ts';
import { openAdminSession } from '../database/admin-session.ts';
import type { Certificates } from '../database/certificates.ts';
import type { Session } from '../database/database.ts';
import { mayChangeUsersByTrial } from '../database/power.ts';
import { listRoles } from '../database/roles.ts';
import { assertTakesWrites } from '../database/takes-writes.ts';
import { Findings } from '../runtime/findings.ts';
import { checkClock, ifAdminSecretIsRefused, ifKeyIsRefused } from '../secret/ask-permissions.ts';
import { checkLabels, describeSettled } from '../secret/check-labels.ts';
import { assertAtItsCluster } from '../secret/cluster-on-record.ts';
import { assertAsDeclared } from '../secret/declared.ts';
import { CURRENT, holderOf } from '../secret/labels.ts';
import { assertRotatable } from '../secret/rotatable.ts';
import { pendingUser, planOf } from '../secret/rotation-context.ts';
import type { SecretDescription } from '../secret/secret-store.ts';
import { type Login, parseSecretValue, type SecretValue, withCredential } from '../secret/secret-value.ts';
import { assertTagsKnown, type RotationSettings, settingsOf } from '../secret/settings.ts';
import { assertForItsUser, type OnRecord, onRecord } from '../secret/user-on-record.ts';
import { readVersion } from '../secret/versions.ts';
import { type CheckBeforePorts, checkBefore } from './check-before.ts';
import { testCredential } from './test-credential.ts';

export interface CheckReadinessPorts extends CheckBeforePorts {
  readonly certificates: Certificates;
}

/**
 * What a rotation would fail by, from where the functions stand: it does what the steps do before SetSecret, by the same code, with a
 * plan that is never written. What it meets is a finding, and it looks on as far as that makes sense. Changes nothing.
 */
export const checkReadiness = async (ports: CheckReadinessPorts, input: ReadinessInput): Promise<Answer> => {
  const found = new Findings('TestSecret', ports.clock);
  checkClock(found, ports.clock.now() - input.askedAt);
  const described = await found.look('permissions', () => describeSettled(ports, input));
  if (described === undefined) return found.answer;
  const secret = described.value;
  if ((await found.look('secret', () => assertRotatable(secret))) === undefined) return found.answer;
  found.ready('secret', `${secret.name} can be rotated`);
  checkLabels(found, secret, input);
  const subject = await checkSecret(ports, found, secret, input.declared);
  if (subject !== undefined) await checkDatabase(ports, found, subject);
  return found.answer;
};

/** What a rotation would go by. */
interface Subject {
  readonly current: SecretValue;
  /** Undefined where its tags or its value can't be used: then no more is known than who logs in. */
  readonly plan: Plan | undefined;
}

const checkSecret = async (
  ports: CheckReadinessPorts,
  found: Findings,
  secret: SecretDescription,
  declared: ReadinessInput['declared'],
): Promise<Subject | undefined> => {
  const settings = await found.look('tags', () => {
    assertTagsKnown(secret);
    const settings = settingsOf(secret);
    assertAsDeclared(secret, settings, declared);
    return settings;
  });
  if (settings !== undefined) found.ready('tags', `the strategy is ${settings.value.strategy}`);
  const current = await found.look('value', () => readCurrent(ports, secret), ifKeyIsRefused(secret));
  if (current === undefined) return undefined;
  if (
    settings !== undefined &&
    (await lookForItsUser(ports, found, secret, { settings: settings.value, current: current.value })) ===
      undefined
  )
    return { current: current.value, plan: undefined };
  const pending = settings && (await checkNewValue(found, settings.value, current.value));
  const asked = { version: currentOf(secret), login: current.value.login };
  const known = settings && (await onRecord(ports.secrets, secret, settings.value, asked));
  const plan = known && pending && wouldBePlan(secret, settings.value, current.value, pending, known);
  return { current: current.value, plan };
};

/** A value for another place is as good as none: nothing is asked there. */
const readCurrent = async (
  { secrets }: CheckReadinessPorts,
  secret: SecretDescription,
): Promise<SecretValue> => {
  const version = currentOf(secret);
  const current = await readVersion(secrets, secret.arn, version, CURRENT);
  assertAtItsCluster(secret, `${CURRENT} (version ${version})`, current.login);
  return current;
};

/** No more is looked at by the admin's power, if it is not: a rotation would not either. */
const lookForItsUser = async (
  { secrets }: CheckReadinessPorts,
  found: Findings,
  secret: SecretDescription,
  { settings, current }: { readonly settings: RotationSettings; readonly current: SecretValue },
) =>
  await found.look('value', () =>
    assertForItsUser(secrets, secret, settings, {
      version: currentOf(secret),
      login: current.login,
      label: CURRENT,
    }),
  );

const currentOf = (secret: SecretDescription): string => {
  const version = holderOf(secret, CURRENT);
  if (version !== undefined) return version;
  throw new SecretNotRotatableError(`${secret.name} has no AWSCURRENT; put a value into it first`);
};

/** The new version as CreateSecret would make it, with a password that is stored nowhere. */
const checkNewValue = async (
  found: Findings,
  settings: RotationSettings,
  current: SecretValue,
): Promise<SecretValue | undefined> => {
  const user = await found.look('other-user', () => pendingUser(settings, current));
  const next = await found.look('value', () => {
    const text = withCredential(current, user?.value ?? current.login.username, randomUUID(), CURRENT);
    return parseSecretValue(text, 'the new version');
  });
  if (next !== undefined) found.ready('value', 'a new credential can be written beside all that it holds');
  return user && next?.value;
};

/** With the id of no version: as right after CreateSecret, when no step can have used the pending one. */
const wouldBePlan = (
  secret: SecretDescription,
  settings: RotationSettings,
  current: SecretValue,
  pending: SecretValue,
  known: OnRecord,
): Plan => {
  const context = {
    secret,
    currentVersion: currentOf(secret),
    reference: current,
    settings,
    mode: 'rotate',
    onRecord: known,
  } as const;
  const none = randomUUID();
  return planOf(context, secret, {
    outcome: 'created',
    lockVersion: none,
    pendingVersion: none,
    pending,
    currentUser: current.login.username,
    proven: [],
  });
};

const checkDatabase = async (
  ports: CheckReadinessPorts,
  found: Findings,
  { current: { login }, plan }: Subject,
): Promise<void> => {
  const opened = await found.look('route', () => ports.database.login(login));
  if (opened === undefined) return;
  found.ready('route', `${login.host}:${login.port} answers`);
  await checkCertificate(ports, found, login);
  await using own = opened.value;
  const takesWrites = own !== undefined && (await checkCredential(ports, found, own, login));
  if (takesWrites && plan !== undefined) await checkPower(ports, found, { own, login, plan });
  const mayBegin = plan !== undefined && (await checkAsARotationDoes(ports, found, plan));
  // Where AWSPREVIOUS proves the user, a rotation would begin and mend it; who reads the secret has no use of that yet.
  if (own === undefined && (mayBegin || plan === undefined)) tellOfRefusal(found, login);
};

const tellOfRefusal = (found: Findings, { username, host, port }: Login): void =>
  found.problem({
    verdict: 'not-ready',
    topic: 'credential',
    what: `AWSCURRENT does not log in as "${username}" at ${host}:${port}`,
    remedy: 'put the right password into the secret, or start the recovery machine for it',
    section: 'nousablecredentialserror',
  });

/** As the alarm: infra/observability/rotation-alarms.ts. */
const DAYS_BEFORE_EXPIRY = 60;

const checkCertificate = async (
  { certificates }: CheckReadinessPorts,
  found: Findings,
  login: Login,
): Promise<void> => {
  const days = await certificates.daysOfAuthority(login);
  if (days === undefined) return;
  const what = `the authority of the certificate at ${login.host}:${login.port} expires in ${days} days`;
  if (days >= DAYS_BEFORE_EXPIRY) {
    found.ready('certificate', what);
    return;
  }
  const remedy = 'give the cluster a newer one (aws docdb modify-db-instance --ca-certificate-identifier)';
  found.problem({
    verdict: 'uncertain',
    topic: 'certificate',
    what,
    remedy,
    section: 'alarm-certificate-authority',
  });
};

/** @returns whether the host takes writes */
const checkCredential = async (
  { database }: CheckReadinessPorts,
  found: Findings,
  own: Session,
  login: Login,
): Promise<boolean> => {
  const writes = await found.look('endpoint', () => assertTakesWrites(own, login.host));
  if (writes !== undefined) tellOfEndpoint(found, login);
  const tested = await found.look(
    'credential',
    () => testCredential(database, login),
    ({ name }) => (name === 'DatabaseUnavailableError' ? { topic: 'route' } : {}),
  );
  if (tested !== undefined) {
    const { username, instances, roles } = tested.value;
    found.ready('credential', `AWSCURRENT logs in as "${username}" on every instance (${instances})`);
    found.ready('roles', `"${username}" has ${listRoles(roles ?? undefined)}`);
  }
  return writes !== undefined;
};

/** https://docs.aws.amazon.com/documentdb/latest/developerguide/how-it-works.html#how-it-works.endpoints */
const tellOfEndpoint = (found: Findings, { host }: Login): void => {
  const isOfOneInstance = /\.docdb\./i.test(host) && !/^[^.]+\.cluster-(?!ro-)/i.test(host);
  if (!isOfOneInstance) {
    found.ready('endpoint', `${host} takes writes`);
    return;
  }
  found.problem({
    verdict: 'uncertain',
    topic: 'endpoint',
    what: `${host} takes writes now, and is no cluster endpoint: after a fail-over it may not`,
    remedy: "put the cluster endpoint into the secret's host",
    section: 'databaseunavailableerror',
  });
};

interface Acting {
  readonly own: Session;
  readonly login: Login;
  readonly plan: Plan;
}

const checkPower = async (ports: CheckReadinessPorts, found: Findings, acting: Acting): Promise<void> => {
  const power = await found.look('power', () => powerOver(ports, acting), ifAdminSecretIsRefused);
  if (power !== undefined) found.ready('power', `${power.value} may change users`);
};

/** @returns whose power it is, as SetSecret chooses it */
const powerOver = async (ports: CheckReadinessPorts, { own, login, plan }: Acting): Promise<string> => {
  const user = `the user "${login.username}" of ${plan.secretName}`;
  if (plan.strategy !== 'alternating-users' && (await mayChangeUsersByTrial(own))) return user;
  if (plan.strategy === 'admin-clone') throw withoutPower(user);
  await using admin = await openAdminSession(ports, plan.adminSecret, login);
  const other = `the user of the admin secret ${plan.adminSecret}`;
  if (await mayChangeUsersByTrial(admin)) return other;
  throw withoutPower(other);
};

const withoutPower = (who: string): NotAuthorizedError =>
  new NotAuthorizedError(
    `${who} may not change users; give it the role userAdminAnyDatabase or root in the database "admin", or name another admin secret`,
  );

/** @returns whether a rotation would go on from CheckBefore */
const checkAsARotationDoes = async (
  ports: CheckReadinessPorts,
  found: Findings,
  plan: Plan,
): Promise<boolean> => {
  const before = await found.look('credential', () => checkBefore(ports, plan), ifAdminSecretIsRefused);
  const other = before?.value.otherUser;
  if (other !== undefined) {
    const state = other.existed ? "is this secret's own" : 'does not exist yet';
    found.ready('other-user', `"${plan.users.pending}" ${state}`);
  }
  return before !== undefined;
};

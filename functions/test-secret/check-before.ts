import { openAdminSession } from '../shared/admin-session.ts';
import type { Before, Plan } from '../shared/contract.ts';
import { NoUsableCredentialsError, UserNameTakenError, UserNotFoundError } from '../shared/errors.ts';
import { CURRENT, PENDING, PREVIOUS } from '../shared/labels.ts';
import { assertOwner } from '../shared/ownership.ts';
import type { Database, Role, SecretStore, Session } from '../shared/ports.ts';
import type { Login } from '../shared/secret-value.ts';
import { mayChangeUsers } from '../shared/users.ts';
import { type PlannedVersions, readPlannedVersions } from '../shared/versions.ts';
import { loginsOnInstances } from './instances.ts';
import { assertTakesWrites } from './takes-writes.ts';

export interface CheckBeforePorts {
  readonly secrets: SecretStore;
  readonly database: Database;
}

/**
 * Looks before anything changes: is every instance of the database there, which labelled versions log in, and what
 * will there be to put back? What it finds is the record that RestoreCredential goes by.
 *
 * @throws NoUsableCredentialsError if no version logs in as the user that the rotation is for
 * @throws UserNotFoundError if the admin secret shows that this user does not exist
 * @throws UserNameTakenError if the other user of a pair belongs to somebody else
 * @throws DatabaseUnavailableError if the host takes no writes: during a fail-over that passes
 * @throws DatabaseUnavailableError, HostNotFoundError, CertificateNotTrustedError, InstanceNotTrustedError if an
 *   instance of the cluster can't be asked
 */
export const checkBefore = async (ports: CheckBeforePorts, plan: Plan): Promise<Before> => {
  await assertOwner(ports.secrets, plan);
  const versions = await readPlannedVersions(ports.secrets, plan);
  await using current = await ports.database.login(versions.current.login);
  await using pending = await ports.database.login(versions.pending.login);
  await using previous = versions.previous && (await ports.database.login(versions.previous.login));

  const logsIn: Before['logsIn'] = [
    ...(current === undefined ? [] : ([CURRENT] as const)),
    ...(pending === undefined ? [] : ([PENDING] as const)),
    ...(previous === undefined ? [] : ([PREVIOUS] as const)),
  ];
  const own = ownLogin(plan, versions, { current, pending, previous });
  if (own === undefined) throw await whyNoneLogsIn(ports, plan, versions);
  // A credential that logs in already, as in a rollback, needs no write.
  if (pending === undefined) await assertTakesWrites(own.session, own.login.host);
  await assertInstancesAnswer(ports.database, own);
  const roles = await own.session.ownRoles();
  if (plan.strategy === 'single-user') return { logsIn, roles: copy(roles) };
  const otherUser = await lookAtOtherUser(ports, plan, versions, {
    current,
    roles,
    previousLogsIn: previous !== undefined,
  });
  return { logsIn, roles: copy(roles), ...(otherUser === undefined ? {} : { otherUser }) };
};

interface Sessions {
  readonly current: Session | undefined;
  readonly pending: Session | undefined;
  readonly previous: Session | undefined;
}

interface OwnLogin {
  readonly session: Session;
  readonly login: Login;
}

/** What proves that the secret is its user's own, and shows the roles to keep. */
const ownLogin = (
  plan: Plan,
  versions: PlannedVersions,
  { current, pending, previous }: Sessions,
): OwnLogin | undefined => {
  if (current !== undefined) return { session: current, login: versions.current.login };
  if (pending !== undefined) return { session: pending, login: versions.pending.login };
  const login = versions.previous?.login;
  const isSameUser = plan.strategy === 'single-user' && login?.username === plan.users.pending;
  return previous !== undefined && isSameUser ? { session: previous, login } : undefined;
};

/**
 * An instance that can't be asked would fail TestSecret, in the middle of a single user's gap, and then the check of
 * the way back. Whether it accepts the credential does not matter yet: it may lag, and TestSecret gives it time.
 */
const assertInstancesAnswer = async (database: Database, { session, login }: OwnLogin): Promise<void> => {
  const instances = await loginsOnInstances(session, login);
  await Promise.all(
    instances.map(async (instance) => {
      await using _answered = await database.login(instance);
    }),
  );
};

/** Tells a wrong password from a missing user, where the admin secret allows to ask. */
const whyNoneLogsIn = async (
  ports: CheckBeforePorts,
  plan: Plan,
  { current }: PlannedVersions,
): Promise<Error> => {
  const { username } = current.login;
  if (plan.adminSecret !== undefined) {
    await using admin = await openAdminSession(ports, plan.adminSecret, current.login);
    if ((await admin.findUser(username)) === undefined) {
      return new UserNotFoundError(
        `the user "${username}" of ${plan.secretName} does not exist at ${plan.host}; create it, or correct the secret`,
      );
    }
  }
  return new NoUsableCredentialsError(
    `no labelled version of ${plan.secretName} logs in as "${username}" at ${plan.host}; put the right password into the secret, or run this machine with "mode": "recover", "resetThroughAdmin": true`,
  );
};

interface CurrentUser {
  /** Nothing if AWSCURRENT does not log in. */
  readonly current: Session | undefined;
  readonly roles: readonly Role[];
  readonly previousLogsIn: boolean;
}

const lookAtOtherUser = async (
  ports: CheckBeforePorts,
  plan: Plan,
  versions: PlannedVersions,
  { current, roles, previousLogsIn }: CurrentUser,
): Promise<Before['otherUser']> => {
  // Without AWSCURRENT only a rollback to a user that still logs in is possible, and that changes no user.
  if (current === undefined) return undefined;
  const username = plan.users.pending;
  await using admin =
    plan.strategy === 'admin-clone'
      ? undefined
      : await openAdminSession(ports, plan.adminSecret, versions.current.login);
  const found = await (admin ?? current).findUser(username);
  if (found === undefined) return { existed: false, roles: [], previousLoggedIn: false };
  if (versions.previous?.login.username !== username) throw nameTaken(plan);
  if (!previousLogsIn && mayChangeUsers(found.roles) && !mayChangeUsers(roles)) throw adminTaken(plan);
  return { existed: true, roles: copy(found.roles), previousLoggedIn: previousLogsIn };
};

/**
 * AWSPREVIOUS proves that the other user is this secret's own. A version without a label proves nothing: a refused
 * rotation leaves one behind, with the name that it was refused for.
 */
const nameTaken = (plan: Plan): UserNameTakenError =>
  new UserNameTakenError(
    `${plan.secretName} would take turns with "${plan.users.pending}", but a user of that name exists at ${plan.host}, and AWSPREVIOUS is not for it. If it is somebody else's, rename one of them or use the strategy single-user; if it is this secret's own, drop it or move AWSPREVIOUS to the version that holds it`,
  );

/**
 * An AWSPREVIOUS that does not log in may be a locked predecessor's; or somebody has written it who may write this
 * secret, and wants an admin out of the way. The predecessor of a user that is no admin is none either.
 */
const adminTaken = (plan: Plan): UserNameTakenError =>
  new UserNameTakenError(
    `${plan.secretName} would take turns with "${plan.users.pending}", but that user may change users, "${plan.users.current}" may not, and AWSPREVIOUS does not log in as it. If it is somebody else's, rename one of them or use the strategy single-user; if it is this secret's own, take that power from it`,
  );

const copy = (roles: readonly Role[]): Role[] => [...roles];

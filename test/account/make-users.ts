import { SECRETS } from './names.ts';
import type { Ports } from './ports.ts';
import { connect, ownPassword, run, user } from './questions/steps.ts';
import { mustWork } from './questions/told.ts';

/** Makes the users whose passwords are in the secrets: a rotation makes only the other user of a pair. */
export const makeUsers = async ({ probe, secretArn }: Ports): Promise<void> => {
  const users = Object.fromEntries(
    SECRETS.map(({ id, user: name }) => [name, { secretArn: secretArn(id), label: 'AWSCURRENT' }]),
  );
  const outcomes = await probe(
    [
      connect('admin', 'admin'),
      ...SECRETS.map(({ user: name, roles }) =>
        run('admin', {
          createUser: user(name),
          pwd: ownPassword(name),
          roles: roles.map((role) => ({ role, db: 'admin' })),
        }),
      ),
    ],
    users,
  );
  mustWork(outcomes, ...outcomes.keys());
};

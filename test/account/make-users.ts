import { SECRETS } from './names.ts';
import type { Ports } from './ports.ts';
import { connect, ownPassword, run, user } from './questions/steps.ts';
import { mustWork } from './questions/told.ts';

/**
 * Makes the users whose passwords are in the secrets: a rotation makes only the other user of a pair. A cluster of the local stack may
 * still have those of a run that was killed.
 */
export const makeUsers = async ({ probe, secretArn }: Ports): Promise<void> => {
  const users = Object.fromEntries(
    SECRETS.map(({ id, user: name }) => [name, { secretArn: secretArn(id), label: 'AWSCURRENT' }]),
  );
  const outcomes = await probe(
    [
      connect('admin', 'admin'),
      ...SECRETS.flatMap(({ user: name }) =>
        [name, `${name}_clone`].map((each) => run('admin', { dropUser: each })),
      ),
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
  const made = [...outcomes.keys()].slice(-SECRETS.length);
  mustWork(outcomes, 0, ...made);
};
